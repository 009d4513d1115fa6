// Runs the query by Ctrl+Enter or Cmd+Enter, and says that it runs. Without it the form works as it is.

const form = document.querySelector("form.sql");
const query = form?.querySelector("textarea");

if (form instanceof HTMLFormElement && query) {
  const run = form.querySelector("button.run");
  query.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (run instanceof HTMLButtonElement && !run.disabled) form.requestSubmit(run);
  });
  form.addEventListener("submit", (event) => {
    if (!(run instanceof HTMLButtonElement) || event.submitter !== run) return;
    run.textContent = "Running…";
    // Only once it is sent: a button that is disabled is not.
    setTimeout(() => {
      run.disabled = true;
    });
  });
  // A page that the browser kept is shown again as it was left.
  window.addEventListener("pageshow", () => {
    if (!(run instanceof HTMLButtonElement)) return;
    run.textContent = "Run";
    run.disabled = false;
  });
}

// Shows what a chart is drawn from where the reader points, taps, or steps by the arrow keys. The texts are in
// the page, as titles that a browser shows by itself where no script runs.

const tip = document.createElement("div");
tip.className = "tip";
tip.role = "status";
tip.hidden = true;
document.body.append(tip);

for (const chart of document.querySelectorAll(".chart, .sparkline")) {
  if (chart instanceof HTMLElement && chart.querySelector(".spots")) enhance(chart);
}

/** @param {HTMLElement} chart */
function enhance(chart) {
  const spots = [...chart.querySelectorAll(".spots rect")].map((rect) => {
    const title = rect.querySelector("title");
    const text = title?.textContent ?? "";
    title?.remove();
    return { rect, text };
  });
  /** @type {Element | null} */
  let current = null;

  // The charts share one tip: it is hidden by the one that shows it.
  const hide = () => {
    if (!current) return;
    current.classList.remove("pointed");
    current = null;
    tip.hidden = true;
  };
  /** @param {Element | null} rect */
  const point = (rect) => {
    const spot = spots.find((one) => one.rect === rect);
    if (!spot) return hide();
    if (current === rect) return;
    current?.classList.remove("pointed");
    current = spot.rect;
    current.classList.add("pointed");
    tip.textContent = spot.text;
    tip.hidden = false;
    place(spot.rect.getBoundingClientRect());
  };

  chart.tabIndex = 0;
  for (const { rect } of spots) {
    rect.addEventListener("pointerenter", () => point(rect));
    rect.addEventListener("pointerdown", () => point(rect));
  }
  chart.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "touch") hide();
  });
  chart.addEventListener("blur", hide);
  chart.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hide();
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (step === undefined) return;
    event.preventDefault();
    const seen = spots.map(({ rect }) => rect).filter((rect) => rect.getBoundingClientRect().width > 0);
    const at = current ? seen.indexOf(current) : -1;
    const next = at < 0 ? (step > 0 ? 0 : seen.length - 1) : at + step;
    point(seen[Math.min(Math.max(next, 0), seen.length - 1)] ?? null);
  });
  document.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Node && !chart.contains(event.target)) hide();
  });
  const follow = () => {
    const spot = current?.getBoundingClientRect();
    if (spot && spot.bottom > 0 && spot.top < window.innerHeight) place(spot);
    else if (spot) hide();
  };
  window.addEventListener("scroll", follow, { passive: true });
}

/** Above the spot where there is room, else under it, and never beyond the edges. @param {DOMRect} spot */
function place(spot) {
  const { width, height } = tip.getBoundingClientRect();
  const room = document.documentElement.clientWidth - width - 8;
  const left = Math.min(Math.max(8, spot.left + spot.width / 2 - width / 2), Math.max(8, room));
  const above = spot.top - height - 6;
  const top = above > 4 ? above : Math.min(spot.bottom + 6, window.innerHeight - height - 4);
  tip.style.left = `${left}px`;
  tip.style.top = `${Math.max(4, top)}px`;
}

import { html } from "../reports/html.ts";
import { sendPage, sendTo } from "./answer.ts";
import { appPage, failure, form } from "./layout.ts";
import type { Exchange } from "./routes.ts";

export async function showSignIn({ access, response }: Exchange): Promise<void> {
  sendPage(response, 200, signInPage(access.formToken, false));
}

/** Gives the cookie to whoever has the token. */
export async function signIn({ access, form: sent, response }: Exchange): Promise<void> {
  const cookie = access.signIn(sent.get("token") ?? "", response.req);
  if (cookie === null) return sendPage(response, 403, signInPage(access.formToken, true));
  response.setHeader("set-cookie", cookie);
  sendTo(response, "/");
}

function signInPage(formToken: string, isWrong: boolean): string {
  return appPage({
    title: "Sign in",
    main: html`<p class="lead">Whoever started <code>tally serve</code> has the token: it was printed there, or is in TALLY_SERVE_TOKEN.</p>
${isWrong && failure("That is not the token.", "Nothing was opened.")}
${form(
  { action: "/sign-in", formToken, className: "sign-in" },
  html`<div class="fields"><label>Token <input type="password" name="token" autocomplete="current-password" required></label></div>
<div class="actions"><button class="run">Sign in</button></div>`,
)}`,
  });
}

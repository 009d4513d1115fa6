import type { Effects } from "../effects.ts";
import type { NotifyTarget } from "../notify-settings.ts";
import { type Delivery, DeliveryError, fromEnvironment } from "./delivery.ts";

const timeoutMs = 15_000;

/** Sends plain text by SMTP. */
export function email(
  target: Extract<NotifyTarget, { type: "email" }>,
  { env }: Pick<Effects, "env">,
): Delivery {
  return async ({ kind, title, text }) => {
    const { host, port, security, user, passwordEnv, from, to } = target;
    const auth = user === undefined ? undefined : { user, pass: fromEnvironment(env, passwordEnv) };
    // Loaded here and not above: few runs send mail.
    const { createTransport } = await import("nodemailer");
    const transport = createTransport({
      host,
      port,
      secure: security === "tls",
      requireTLS: security === "starttls",
      ignoreTLS: security === "none",
      ...(auth && { auth }),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
    });
    try {
      await transport.sendMail({
        from,
        to: [...to],
        subject: title.replace(/\s+/g, " "),
        text,
        headers: { "X-Tally-Event": kind, "Auto-Submitted": "auto-generated" },
      });
    } catch (error) {
      const { code, responseCode } = error as { code?: string; responseCode?: number };
      // The server's own words may repeat what was sent to it.
      const reason = `${host}:${port} ${responseCode === undefined ? `failed (${code ?? "unknown"})` : `answered ${responseCode}`}`;
      throw new DeliveryError(
        reason,
        code !== "EAUTH" && !(responseCode !== undefined && responseCode >= 500),
      );
    } finally {
      transport.close();
    }
  };
}

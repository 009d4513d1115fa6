/** The request is answered with an error of the API: its status, and a message that begins with the API's word for it. */
export class Refusal extends Error {
  override name = "Refusal";
  readonly status: number;

  constructor(status: keyof typeof words, reason?: string) {
    super(reason ? `${words[status]}: ${reason}` : words[status]);
    this.status = status;
  }
}

const words = {
  400: "bad_request",
  401: "bad_credential",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  409: "conflict",
  413: "body_too_large",
  414: "uri_too_long",
  431: "header_too_large",
  500: "internal_error",
  501: "not_implemented",
} as const;

/**
 * The text with everything removed that could steer a terminal or hide what is written: C0 and C1 control
 * characters but line break and tab, and the bidirectional overrides.
 */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
}

import { fileURLToPath } from "node:url";

/** Where the repository lies, as seen from the compiled benches in .bench/bench. */
export const repository = fileURLToPath(new URL("../..", import.meta.url));

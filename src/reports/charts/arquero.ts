/** Arquero, loaded where rows are shaped, so that no other command waits for it. */
export function loadArquero() {
  return import("arquero");
}

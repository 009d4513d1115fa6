import { charts } from "./styles/charts.ts";
import { dictionary } from "./styles/dictionary.ts";
import { figures } from "./styles/figures.ts";
import { head } from "./styles/head.ts";
import { oneSheet } from "./styles/one-sheet.ts";
import { paper } from "./styles/paper.ts";
import { sections } from "./styles/sections.ts";
import { smallScreens } from "./styles/small-screens.ts";
import { tables } from "./styles/tables.ts";
import { text } from "./styles/text.ts";
import { colourVariables } from "./theme.ts";

/** The one style sheet of every page: light and dark, wide and narrow, and on paper. */
export const stylesheet = `
:root { ${colourVariables("light")} }
@media screen and (prefers-color-scheme: dark) { :root { ${colourVariables("dark")} } }
${text}${head}${figures}${sections}${charts}${tables}${dictionary}${smallScreens}${paper}${oneSheet}`
  .replace(/\n+/g, "\n")
  .trim();

// Formulas in, MathML out: reads [{tex, display}] from standard input, writes [{html} | {error}].
// MathML needs neither styles nor fonts, and screen readers know it.
import katex from "katex";

let input = "";
for await (const chunk of process.stdin) input += chunk;
const typeset = ({ tex, display }) => {
  try {
    return { html: katex.renderToString(tex, { displayMode: display, output: "mathml", strict: "error", trust: false }) };
  } catch (error) {
    return { error: String(error.message) };
  }
};
process.stdout.write(JSON.stringify(JSON.parse(input).map(typeset)));

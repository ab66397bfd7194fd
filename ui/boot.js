// A file and not a line in the HTML, because the content security policy lets no inline script run.
import init from "/ui.js";

init({ module_or_path: "/ui_bg.wasm" });

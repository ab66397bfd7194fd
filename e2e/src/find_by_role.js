// The first visible element with a role, given or implied by its tag, and an accessible name.
const [role, name] = arguments;
const implied = {
  button: "button, input[type=submit], summary",
  link: "a[href]",
  heading: "h1, h2, h3, h4, h5, h6",
  textbox: "input:not([type]), input[type=text], input[type=email], input[type=tel], textarea",
  searchbox: "input[type=search]",
  checkbox: "input[type=checkbox]",
  radio: "input[type=radio]",
  combobox: "select",
  option: "option",
  dialog: "dialog",
  navigation: "nav",
  main: "main",
  table: "table",
  row: "tr",
  listitem: "li",
};
const text = (element) => element.textContent.replace(/\s+/g, " ").trim();
const nameOf = (element) =>
  element.getAttribute("aria-label") ??
  element.getAttribute("aria-labelledby")?.split(/\s+/).map((id) => document.getElementById(id)).filter(Boolean).map(text).join(" ") ??
  (element.labels?.length ? text(element.labels[0]) : text(element) || element.getAttribute("title") || element.getAttribute("placeholder") || "");
const candidates = document.querySelectorAll([`[role="${role}"]`, implied[role]].filter(Boolean).join(", "));
return [...candidates].find((element) => element.checkVisibility() && nameOf(element) === name) ?? null;

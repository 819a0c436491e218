// Questions about any page, asked by tests/kit/browser.py. They change nothing but what their names say.

const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
const ownText = (element) =>
  [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
const called = (element) =>
  `${element.tagName.toLowerCase()}.${element.getAttribute("class") || ""} ${element.textContent.trim().slice(0, 40)}`;

// Whether an ancestor of the element lets what sticks out be scrolled to, in its own box.
const scrolls = (element) => {
  for (let at = element.parentElement; at; at = at.parentElement) {
    if (["auto", "scroll"].includes(getComputedStyle(at).overflowX)) return true;
  }
  return false;
};

// Elements that reach beyond the window, or hide some of their text without saying all of it in a title.
function sticksOut() {
  const width = document.documentElement.clientWidth;
  const found = [];
  if (document.documentElement.scrollWidth > width) found.push(`page ${document.documentElement.scrollWidth} > ${width}`);
  for (const element of document.body.querySelectorAll("*")) {
    if (!shown(element)) continue;
    const box = element.getBoundingClientRect();
    if ((box.right > width + 0.5 || box.left < -0.5) && !scrolls(element)) found.push(`outside: ${called(element)}`);
    const hides = element instanceof HTMLElement && element.scrollWidth > element.clientWidth + 1 && ownText(element);
    if (hides && getComputedStyle(element).display !== "inline" && !element.title) found.push(`cut: ${called(element)}`);
  }
  return found;
}

// Boxes whose content is more than they show.
function cut(selector) {
  return [...document.querySelectorAll(selector)]
    .filter((box) => shown(box))
    .filter((box) => box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1)
    .map(called);
}

// Red, green, blue and opacity from 0 to 1, of a colour as getComputedStyle gives it.
const channels = (colour) => {
  const [red, green, blue, opacity = 1] = colour.match(/^rgba?\((.*)\)$/)[1].split(",").map(Number);
  return [red / 255, green / 255, blue / 255, opacity];
};
const over = (front, back) => {
  const share = front[3];
  return [0, 1, 2].map((at) => front[at] * share + back[at] * (1 - share)).concat(1);
};
// WCAG 2.2, relative luminance and contrast ratio.
const luminance = (colour) => {
  const [red, green, blue] = colour.map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const ratio = (one, other) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
const behind = (element) => {
  const front = channels(getComputedStyle(element).backgroundColor);
  if (front[3] === 1) return front;
  return over(front, element.parentElement ? behind(element.parentElement) : canvas());
};
// What a browser paints where a page says nothing: black only for a reader's dark that the page says it knows.
const canvas = () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  return dark && getComputedStyle(document.documentElement).colorScheme.includes("dark") ? [0, 0, 0, 1] : [1, 1, 1, 1];
};

// By colour pair the contrast of text that is shown with what lies behind it: [ratio, an element that has it].
function contrasts() {
  const found = new Map();
  for (const element of document.body.querySelectorAll("*")) {
    if (!ownText(element) || !shown(element)) continue;
    const style = getComputedStyle(element);
    const drawing = element.closest("svg");
    const back = behind(drawing ? drawing : element);
    const ink = over(channels(drawing ? style.fill : style.color), back);
    found.set(`${ink} on ${back}`, [ratio(ink, back), called(element)]);
  }
  return [...found.values()];
}

// The colour behind the whole page, as a luminance from 0 (black) to 1 (white).
function brightness() {
  return luminance(behind(document.body));
}

// What the keyboard has reached: its number among the elements of that selector (-1: none), and whether it is marked.
function focused(selector) {
  const at = document.activeElement;
  const style = getComputedStyle(at);
  return [[...document.querySelectorAll(selector)].indexOf(at), style.outlineStyle !== "none" && style.outlineWidth !== "0px"];
}

// What the page loaded besides itself.
function resources() {
  return performance.getEntriesByType("resource").map((entry) => entry.name);
}

function textOf(selector) {
  return document.querySelector(selector).innerText;
}

// Also of what is not shown.
function allTextOf(selector) {
  return document.querySelector(selector).textContent;
}

// Marks elements, so that it can be told later which of them are new.
function mark(selector) {
  for (const element of document.querySelectorAll(selector)) element.marked = true;
}

function unmarked(selector) {
  return [...document.querySelectorAll(selector)].filter((element) => !element.marked).length;
}

function value(name) {
  return window[name];
}

function count(selector) {
  return document.querySelectorAll(selector).length;
}

function styles(selector, name) {
  return [...new Set([...document.querySelectorAll(selector)].map((element) => getComputedStyle(element)[name]))];
}

function closeAll() {
  for (const details of document.querySelectorAll("details")) details.open = false;
}

function openAll() {
  for (const details of document.querySelectorAll("details")) details.open = true;
}

function isOpen(selector) {
  return document.querySelector(selector).open;
}

function focus(selector) {
  document.querySelector(selector).focus();
}

function scrolled(selector) {
  const { scrollLeft, scrollTop } = document.querySelector(selector);
  return scrollLeft + scrollTop;
}

// Those of the elements, by their number, that are shown.
function reachable(selector) {
  return [...document.querySelectorAll(selector)].flatMap((element, at) => (shown(element) ? [at] : []));
}

const boxOf = (element) => {
  const { x, y, right, bottom, width, height } = element.getBoundingClientRect();
  const { backgroundColor: colour, fill, opacity } = getComputedStyle(element);
  const title = element.title || element.querySelector(":scope > title")?.textContent || "";
  const name = element.getAttribute("class") || "";
  return { x, y, right, bottom, width, height, colour, fill, opacity, title, name, id: element.id, text: element.textContent };
};

// What is drawn of the elements, and of the children of each that have a box.
function boxes(selector) {
  return [...document.querySelectorAll(selector)]
    .filter(shown)
    .map((element) => ({ ...boxOf(element), children: [...element.children].filter(shown).map(boxOf) }));
}

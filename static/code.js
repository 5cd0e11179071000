// An editor of lines: numbers, bands behind the lines that something is said of, colours, the tab
// key. The text area stays what it is; what is drawn lies behind it, holds the lines that can be
// seen and no others, and is text alone: the browser colours ranges of it (CSS.highlights).

import { sentence } from "./words.js";

const SPARE = 20; // lines that are drawn above and below those that can be seen
const LONGEST = 500; // of a line, so far it is coloured
const INDENT = 2;
const PARTS = /(?<comment>(?<=^|\s)#.*)|(?<key>(?<![\w.*/-])(?:"(?:[^"\\]|\\.)*"|'[^']*'|[\w.*/-]+)(?=\s?:(?:\s|$)))|(?<string>"(?:[^"\\]|\\.)*"?|'[^']*'?)|(?<![\w.*/-])(?:(?<good>allow)|(?<bad>deny)|(?<ask>require_approval)|(?<number>\d+(?:\.\d+)?))(?![\w.*/-])/g;
const KINDS = ["comment", "key", "string", "good", "bad", "ask", "number", "fault"];

function make(name, parent) {
  const node = document.createElement("div");
  node.className = name;
  node.setAttribute("aria-hidden", "true");
  parent.append(node);
  return node;
}

// Where every line begins; the end stands after the last.
function startsOf(value) {
  const found = [0];
  for (let at = value.indexOf("\n"); at >= 0; at = value.indexOf("\n", at + 1)) found.push(at + 1);
  return found;
}

export class Code {
  // text: the text area. place: where the line and column are told, or nothing.
  constructor(text, place) {
    this.text = text;
    this.place = place;
    this.box = text.parentElement;
    this.numbers = make("code__numbers", this.box);
    this.layer = make("code__layer", this.box);
    this.box.prepend(this.numbers, this.layer);
    this.bands = make("code__bands", this.layer);
    this.drawn = make("code__drawn", this.layer);
    this.words = this.drawn.appendChild(document.createTextNode(""));
    this.marks = new Map(); // by line: whether it is wrong, and from which column on
    this.indents = false;
    this.colours = "highlights" in CSS;
    if (this.colours) for (const kind of KINDS) CSS.highlights.set(`code-${kind}`, new Highlight());
    this.box.classList.toggle("is-drawn", this.colours);
    this.read();
    this.listen();
  }

  listen() {
    const { text } = this;
    text.addEventListener("input", () => { this.indents = true; this.read(); });
    text.addEventListener("pointerdown", () => { this.indents = true; });
    text.addEventListener("focusout", () => { this.indents = false; this.draw(); });
    text.addEventListener("keydown", (event) => this.onKey(event));
    text.addEventListener("scroll", () => this.soon(), { passive: true });
    document.addEventListener("selectionchange", () => { if (document.activeElement === text) this.soon(); });
    new ResizeObserver(() => this.soon()).observe(text);
    window.addEventListener("pageshow", () => this.read());
  }

  read() {
    this.value = this.text.value;
    this.starts = startsOf(this.value);
    const digits = String(this.starts.length).length;
    if (digits !== this.digits) {
      this.digits = digits;
      this.numbers.style.inlineSize = `calc(${digits}ch + 1.5rem)`;
      this.layer.style.insetInlineStart = `${this.text.offsetLeft}px`;
    }
    this.soon();
  }

  soon() {
    this.frame ??= requestAnimationFrame(() => { this.frame = undefined; this.draw(); });
  }

  // marks: of each line that something is said of, whether it is wrong and from which column on.
  mark(marks) {
    this.marks = marks;
    this.soon();
  }

  line(number) {
    const end = number < this.starts.length ? this.starts[number] - 1 : this.value.length;
    return this.value.slice(this.starts[number - 1], end);
  }

  lineAt(offset) {
    let [low, high] = [0, this.starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.starts[middle] <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  draw() {
    const { text, starts } = this;
    const look = getComputedStyle(text);
    const [height, above] = [parseFloat(look.lineHeight), parseFloat(look.paddingBlockStart)];
    const first = Math.max(1, Math.floor(text.scrollTop / height) - SPARE);
    const last = Math.min(starts.length, Math.ceil((text.scrollTop + text.clientHeight) / height) + SPARE);
    const top = above + (first - 1) * height - text.scrollTop;
    const current = document.activeElement === text ? this.lineAt(text.selectionStart) : 0;
    this.drawNumbers(first, last, current);
    this.numbers.firstChild.style.translate = `0 ${top}px`;
    this.drawBands(first, last, current, height);
    this.bands.style.translate = `0 ${top}px`;
    this.drawn.style.translate = `${parseFloat(look.paddingInlineStart) - text.scrollLeft}px ${top}px`;
    if (this.colours) this.drawWords(first, last);
    this.tell(current);
  }

  drawNumbers(first, last, current) {
    const lines = [];
    for (let at = first; at <= last; at += 1) {
      const line = document.createElement("span");
      line.textContent = String(at);
      const mark = this.marks.get(at);
      if (mark) line.className = mark.isWrong ? "is-wrong" : "is-odd";
      else if (at === current) line.className = "is-current";
      lines.push(line);
    }
    const rows = document.createElement("div");
    rows.append(...lines);
    this.numbers.replaceChildren(rows);
  }

  drawBands(first, last, current, height) {
    const wanted = [...this.marks].map(([at, { isWrong }]) => [at, isWrong ? "is-wrong" : "is-odd"]);
    if (current && !this.marks.has(current)) wanted.push([current, "is-current"]);
    this.bands.replaceChildren(...wanted.filter(([at]) => at >= first && at <= last).map(([at, name]) => {
      const band = document.createElement("div");
      band.className = `code__band ${name}`;
      band.style.insetBlockStart = `${(at - first) * height}px`;
      band.style.blockSize = `${height}px`;
      return band;
    }));
  }

  drawWords(first, last) {
    const [from, end] = [this.starts[first - 1], last < this.starts.length ? this.starts[last] : this.value.length];
    this.words.data = this.value.slice(from, end);
    const found = Object.fromEntries(KINDS.map((kind) => [kind, []]));
    for (let at = first; at <= last; at += 1) {
      const [line, offset] = [this.line(at), this.starts[at - 1] - from];
      for (const part of line.slice(0, LONGEST).matchAll(PARTS)) {
        const kind = KINDS.find((each) => part.groups[each] !== undefined);
        found[kind].push(this.range(offset + part.index, part[0].length));
      }
      const mark = this.marks.get(at);
      if (mark?.isWrong) found.fault.push(this.fault(line, offset, mark.column));
    }
    for (const kind of KINDS) {
      const highlight = CSS.highlights.get(`code-${kind}`);
      highlight.clear();
      for (const range of found[kind]) highlight.add(range);
    }
  }

  range(start, length) {
    return new StaticRange({ startContainer: this.words, startOffset: start, endContainer: this.words, endOffset: start + length });
  }

  // Columns count characters, and the browser halves of them.
  fault(line, offset, column) {
    const before = Array.from(line.slice(0, LONGEST)).slice(0, column - 1).join("").length;
    const [word] = /^[^\s:,{}]+/.exec(line.slice(before, LONGEST)) ?? [line.slice(0, LONGEST)];
    return this.range(offset + (line.startsWith(word, before) ? before : 0), word.length);
  }

  tell(current) {
    if (!this.place) return;
    const count = this.starts.length;
    const said = current
      ? sentence("Line %(line)s of %(count)s, column %(column)s", { line: current, count, column: this.text.selectionStart - this.starts[current - 1] + 1 })
      : sentence("Lines: %(count)s", { count });
    if (this.place.textContent !== said) this.place.textContent = said;
  }

  // Puts the caret on a line, or chooses all of it, and brings it into view.
  go(number, column) {
    const start = this.starts[Math.min(number, this.starts.length) - 1];
    const [line, height] = [this.line(Math.min(number, this.starts.length)), parseFloat(getComputedStyle(this.text).lineHeight)];
    this.text.focus();
    const at = start + Array.from(line.slice(0, LONGEST)).slice(0, (column ?? 1) - 1).join("").length;
    this.text.setSelectionRange(column ? at : start, column ? at : start + line.length);
    this.text.scrollTop = Math.max(0, (number - 4) * height);
    this.text.scrollLeft = 0;
    this.indents = false;
    this.soon();
  }

  // ---- Keys: whoever came by the tab key leaves by it; whoever writes, indents by it. ----

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") this.indents = false;
    else if (event.key === "Tab" && this.indents) this.onTab(event);
    else if (event.key === "Enter" && !event.shiftKey) this.onEnter(event);
  }

  onTab(event) {
    event.preventDefault();
    const { selectionStart: from, selectionEnd: to } = this.text;
    const [first, last] = [this.lineAt(from), this.lineAt(Math.max(from, to - 1))];
    if (!event.shiftKey && first === last) {
      const column = from - this.starts[first - 1];
      return this.put(" ".repeat(INDENT - column % INDENT));
    }
    const lines = [];
    for (let at = first; at <= last; at += 1) lines.push(this.line(at));
    const moved = lines.map((line) => (event.shiftKey ? line.replace(/^ {1,2}/, "") : line && " ".repeat(INDENT) + line));
    const start = this.starts[first - 1];
    this.text.setSelectionRange(start, start + lines.join("\n").length);
    const whole = moved.join("\n");
    if (whole !== lines.join("\n")) this.put(whole);
    if (first === last) this.text.setSelectionRange(...Array(2).fill(Math.max(start, from + whole.length - lines[0].length)));
    else this.text.setSelectionRange(start, start + whole.length);
  }

  onEnter(event) {
    const line = this.line(this.lineAt(this.text.selectionStart));
    const [indent] = /^ */.exec(line);
    if (!indent || this.text.selectionStart - this.starts[this.lineAt(this.text.selectionStart) - 1] < indent.length) return;
    event.preventDefault();
    this.put(`\n${indent}`);
  }

  // Puts a text in the place of what is chosen, so that it can be undone like anything typed.
  put(words) {
    if (document.execCommand(words ? "insertText" : "delete", false, words)) return;
    this.text.setRangeText(words, this.text.selectionStart, this.text.selectionEnd, "end");
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

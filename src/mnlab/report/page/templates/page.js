"use strict";
// What every page does: frames shown dissected, the ladder filtered, marked and walked through by keys.
const mnlab = { data: JSON.parse(document.getElementById("data").textContent), plots: [] };
{
const all = (query, within = document) => [...within.querySelectorAll(query)];
const make = (name, text = "", attributes = {}) => {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

// --- frames, taken apart by the table of fields ---

const { captures, packets, fields } = mnlab.data.frames || { captures: {}, packets: [], fields: {} };
const known = new Map();  // the page's number -> where, number there, microseconds, packet
for (const [where, [before, ...columns]] of Object.entries(captures)) {
  const [theirs, times, kept] = columns.map(column => { let sum = 0; return column.map(step => sum += step); });
  theirs.forEach((there, place) => known.set(before + there, { where, there, time: times[place], packet: kept[place] }));
}

const hex = (value, digits) => "0x" + value.toString(16).padStart(digits, "0");
const OPTIONS = { 2: "MSS", 3: "window scale", 4: "SACK permitted", 5: "SACK", 8: "timestamps", 34: "fast open" };
const bytes_of = text => Uint8Array.from(atob(text), char => char.charCodeAt(0));
const octets = bytes => [...bytes].map(byte => byte.toString(16).padStart(2, "0"));
const big = bytes => bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);

function options(bytes) {  // of TCP (RFC 9293, section 3.1)
  const words = [];
  for (let at = 0; at < bytes.length && bytes[at] !== 0;) {
    if (bytes[at] === 1) { at += 1; continue; }
    const size = bytes[at + 1], body = bytes.slice(at + 2, at + size);
    if (!(size >= 2) || at + size > bytes.length) { words.push("?"); break; }
    const numbers = [];
    if (bytes[at] === 5 || bytes[at] === 8)
      for (let place = 0; place < body.length; place += 4) numbers.push(big(body.slice(place, place + 4)));
    else if (body.length && body.length <= 8) numbers.push(big(body));
    words.push([OPTIONS[bytes[at]] || "option " + bytes[at], ...numbers].join(" "));
    at += size;
  }
  return words.join(", ");
}

// The field's value in words, from the bytes of the frame; bits are counted from the frame's first one.
function worded([, bits, form, names], bytes, start) {
  const first = start >> 3, own = bytes.slice(first, (start + bits + 7) >> 3);
  if (form === "bytes") return octets(own).join(" ");
  if (form === "options") return options(own);
  if (form === "mac") return octets(own).join(":");
  if (form === "ipv4") return own.join(".");
  const value = big(own) >> BigInt((8 - ((start + bits) & 7)) & 7) & ((1n << BigInt(bits)) - 1n);
  if (form === "flags") {
    const set = names.split(" ").filter((name, place, every) => name !== "-" && value >> BigInt(every.length - 1 - place) & 1n);
    return set.join(", ") || "none";
  }
  const number = form === "hex" ? hex(value, Math.ceil(bits / 4)) : String(value);
  return names && names[value] ? `${number} (${names[value]})` : number;
}

mnlab.dissect = number => {  // [[header, [[field, words, first byte, bytes]...]]...]
  const { packet } = known.get(number), [text, , headers] = packets[packet], bytes = bytes_of(text);
  return headers.map(([name, start, size]) => {
    let bit = start * 8;
    const end = (start + size) * 8, rows = [];
    for (const field of fields[name]) {
      const bits = field[1] || end - bit;
      if (bits > 0 && bit + bits <= Math.min(end, bytes.length * 8))
        rows.push([field[0], worded([field[0], bits, field[2], field[3]], bytes, bit), bit >> 3, ((bit + bits + 7) >> 3) - (bit >> 3)]);
      bit += bits;
    }
    return [name, rows];
  });
};

const panel = document.getElementById("frame");
let opener = null;

function hexdump(bytes, length) {
  const dump = make("pre", "", { class: "hex", tabindex: "0", "aria-label": "Bytes" }), cells = [];
  for (let row = 0; row < bytes.length; row += 16) {
    dump.append(make("span", row.toString(16).padStart(4, "0") + " ", { class: "at" }));
    const part = bytes.slice(row, row + 16);
    part.forEach((byte, place) => {
      const cell = make("b", byte.toString(16).padStart(2, "0"));
      cells.push([cell]);
      dump.append(cell, " ");
    });
    dump.append(" ".repeat(3 * (16 - part.length) + 1));
    part.forEach((byte, place) => {
      const cell = make("b", byte > 32 && byte < 127 ? String.fromCharCode(byte) : "·");
      cells[row + place].push(cell);
      dump.append(cell);
    });
    dump.append("\n");
  }
  if (length > bytes.length) dump.append(`      ${length - bytes.length} more bytes in the capture\n`);
  return [dump, (from, count) => cells.forEach((pair, at) =>
    pair.forEach(cell => cell.classList.toggle("on", at >= from && at < from + count)))];
}

function copier(text) {
  const button = make("button", "Copy", { type: "button" });
  button.addEventListener("click", () => copy(text, button));
  return button;
}

async function copy(text, button) {
  try { await navigator.clipboard.writeText(text); }
  catch {  // a page that was opened as a file may have to do it this way
    const area = make("textarea", text);
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

mnlab.show = (number, focus = true) => {
  const frame = known.get(number);
  if (!panel || !frame) return;
  const row = rows.find(one => one.frames.includes(number));
  const [scene, capture] = frame.where.split("/");
  panel.replaceChildren();
  const head = make("header"), close = make("button", "Close", { type: "button" });
  close.addEventListener("click", hide);
  head.append(make("h2", row ? row.text : "Frame"), close);
  panel.append(head);
  const places = make("div", "", { class: "places" });
  for (const other of row ? row.frames : [number]) {
    const there = known.get(other);
    if (!there) continue;
    const link = make("a", `${there.where.split("/")[1]} #${there.there}`, { href: "#f" + other });
    if (other === number) link.setAttribute("aria-current", "true");
    places.append(link);
  }
  const filter = make("p", "", { class: "filter" }), words = `frame.number == ${frame.there}`;
  filter.append(make("span", `scenes/${scene}/captures/${capture}.pcap `), make("code", words), " ", copier(words));
  panel.append(make("p", `${(frame.time / 1e6).toFixed(6)} s at ${capture}`, { class: "quiet" }), places, filter);
  if (frame.packet < 0) panel.append(make("p", "Its bytes are not in this page, only in the capture.", { class: "quiet" }));
  else {
    const [text, length] = packets[frame.packet], [dump, light] = hexdump(bytes_of(text), length);
    const layers = make("div", "", { class: "layers" });
    for (const [name, lines] of mnlab.dissect(number)) {
      const layer = make("section"), table = make("table"), body = make("tbody");
      for (const [field, value, from, count] of lines) {
        const line = make("tr", "", { tabindex: "0" });
        line.append(make("td", field), make("td", value));
        for (const event of ["mouseenter", "focus"]) line.addEventListener(event, () => light(from, count));
        body.append(line);
      }
      table.append(body);
      layer.append(make("h3", { ethernet: "Ethernet", arp: "ARP", ipv4: "IPv4", icmp: "ICMP", tcp: "TCP", udp: "UDP",
        vlan: "VLAN tag", dns: "DNS", tls: "TLS record", openflow: "OpenFlow" }[name] || name), table);
      layers.append(layer);
    }
    panel.append(layers, make("p", `${length} bytes`, { class: "quiet" }), dump);
  }
  panel.hidden = false;
  document.body.classList.add("panel");
  for (const one of all(".ladder .current")) one.classList.remove("current");
  if (row) row.element.classList.add("current");
  if (row) row.element.scrollIntoView({ block: "nearest" });
  if (focus) panel.focus({ preventScroll: true });
};

function hide() {
  panel.hidden = true;
  document.body.classList.remove("panel");
  for (const one of all(".ladder .current")) one.classList.remove("current");
  if (location.hash.startsWith("#f")) history.replaceState(null, "", location.pathname + location.search);
  if (opener && opener.isConnected) opener.focus();
}

// --- the ladder ---

const rows = all(".ladder tbody tr[class]:not(.gap):not(.did)").map(element => ({
  element, text: element.cells[2].textContent,
  ends: element.cells[1].textContent.split(" → "), protocol: element.classList[0],
  frames: (element.dataset.f || "").split(" ").filter(Boolean).map(Number),
}));
for (const row of rows) if (row.frames.length) row.element.querySelector("a").href = "#f" + row.frames[0];
const others = all(".ladder tr.gap, .ladder tr.did"), parts = all(".ladder tbody"), form = document.getElementById("filters");
const nodes = all(".network [data-node]");
let marked = null;

const fill = () => {  // how many rows of a part there are, for the browser to guess its height
  for (const part of parts) {
    const shown = [...part.rows].filter(row => !row.hidden).length;
    part.hidden = !shown;
    part.style.setProperty("--rows", shown);
  }
};

function filter() {
  const find = document.getElementById("find").value.trim().toLowerCase();
  const wanted = all("input[type=checkbox]", form).filter(box => box.checked).map(box => box.value);
  const hosts = nodes.filter(node => node.getAttribute("aria-pressed") === "true").map(node => node.dataset.node);
  let shown = 0;
  for (const row of rows) {
    const fits = (!find || (row.words ??= row.element.textContent.toLowerCase()).includes(find)) && (!wanted.length || wanted.includes(row.protocol))
      && hosts.every(host => row.ends.includes(host) || row.ends[1] === "all") && (!marked || row.frames.some(one => marked.has(one)));
    row.element.hidden = !fits;
    shown += fits;
  }
  for (const other of others) other.hidden = shown < rows.length;
  fill();
  document.getElementById("found").textContent = shown < rows.length ? `${shown} of ${rows.length} messages` : `${rows.length} messages`;
  document.getElementById("everything").hidden = shown === rows.length;
}

function mark(numbers) {
  marked = numbers.length ? new Set(numbers) : null;
  for (const row of rows) row.element.classList.toggle("marked", Boolean(marked) && row.frames.some(one => marked.has(one)));
}

if (form) {
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => {
    mark([]);
    for (const node of nodes) node.setAttribute("aria-pressed", "false");
    filter();
  }));
  fill();
  document.getElementById("found").textContent = `${rows.length} messages`;
  document.getElementById("everything").hidden = true;
  for (const node of nodes) {
    const press = () => {
      const pressed = node.getAttribute("aria-pressed") !== "true";
      for (const same of nodes.filter(one => one.dataset.node === node.dataset.node)) same.setAttribute("aria-pressed", String(pressed));
      filter();
    };
    node.addEventListener("click", press);
    node.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); press(); } });
  }
  for (const button of all(".mark-frames")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      mark(all("a", button.parentNode).map(link => +link.hash.slice(2)));
      filter();
      const first = rows.find(row => !row.element.hidden);
      if (first) { first.element.querySelector("a").focus(); first.element.scrollIntoView({ block: "center" }); }
    });
  }
}
for (const button of all(".copy")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button.previousElementSibling.textContent, button));
}

// One stop of the tab key for each ladder; arrow keys, Home and End go from message to message.
for (const table of all(".ladder")) {
  const links = all("a[href]", table);
  links.forEach((link, place) => { link.tabIndex = place ? -1 : 0; });
  table.addEventListener("keydown", event => {
    const visible = links.filter(link => !link.closest("tr").hidden), place = visible.indexOf(document.activeElement);
    const next = { ArrowDown: place + 1, ArrowUp: place - 1, j: place + 1, k: place - 1, Home: 0, End: visible.length - 1 }[event.key];
    if (place < 0 || next === undefined || !visible[next]) return;
    event.preventDefault();
    for (const link of links) link.tabIndex = -1;
    visible[next].tabIndex = 0;
    visible[next].focus();
    if (!panel.hidden) mnlab.show(Number(visible[next].hash.slice(2)), false);
  });
}

const shown_by_hash = () => {
  const number = /^#f(\d+)$/.exec(location.hash);
  if (number) mnlab.show(Number(number[1]));
};
document.addEventListener("click", event => {
  const link = event.target.closest && event.target.closest('a[href^="#f"]');
  if (!link || !/^#f\d+$/.test(link.hash)) return;
  opener = panel.contains(link) ? opener : link;
  if (link.hash === location.hash) { event.preventDefault(); shown_by_hash(); }
});
document.addEventListener("keydown", event => { if (event.key === "Escape" && panel && !panel.hidden) hide(); });
window.addEventListener("hashchange", shown_by_hash);
window.addEventListener("beforeprint", () => all("details").forEach(one => { one.open = true; }));
if (panel) shown_by_hash();
}

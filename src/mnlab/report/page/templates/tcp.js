{
const PANELS = { sequence: 300, bytes: 170, trip: 150, states: 96 };  // pixels
const LETTERS = { "timeout": "T", "fast retransmission": "F", "recovery after timeout": "A", "tail loss probe": "P", "tail loss probe or timeout": "P?",
                  "asked again": "S", "retransmission": "R", "zero window probe": "0", "keep-alive": "K",
                  "reordered": "O", "duplicate": "C", "crossed": "X", "SYN": "syn", "FIN": "fin" };
const PLAIN = ["new data", "SYN", "FIN"];
const NOTHING = { kinds: [], ...Object.fromEntries(["bars", "acks", "duplicates", "sacks", "flight", "cwnd", "ssthresh", "rtt", "srtt", "rto"]
  .map(name => [name, [[], [], [], [], []]])) };  // what a graph does not have is not in its data
const { whole, seconds, curve, size, ms, sizes, line } = curves;
const join = (...tables) => uPlot.join(tables);

function draw(container, connection) {
  const { ink, status, panel, full, whole: show } = curves.group(container, Math.max(connection.length / 1e6, 1e-6),
                                                                 container.parentNode.id);
  for (const told of connection.graphs) {
    const graph = { ...NOTHING, ...told };
    const bars = { at: seconds(graph.bars[0]), first: whole(graph.bars[1]), length: whole(graph.bars[2]),
                   kind: whole(graph.bars[3]), frame: whole(graph.bars[4]) };
    const words = number => `${bars.at[number].toFixed(6)} s: ${graph.kinds[bars.kind[number]]}, ` +
      `numbers ${bars.first[number]} to ${bars.first[number] + bars.length[number]}`;
    const nearest = plot => {
      const { left, top } = plot.cursor;
      let best = -1, least = 144;
      bars.at.forEach((at, number) => {
        const x = plot.valToPos(at, "x") - left, low = plot.valToPos(bars.first[number], "y"),
          high = plot.valToPos(bars.first[number] + bars.length[number], "y");
        const y = top < high ? high - top : top > low ? top - low : 0;
        if (x * x + y * y < least) { least = x * x + y * y; best = number; }
      });
      return best;
    };
    const seen = graph.own ? "" : `, as seen at ${graph.where}: round trips and flight are not the sender's own`;
    const sequence = panel(`Sequence numbers that ${graph.of} sent${seen}`, PANELS.sequence,
      sizes,
      [line("acknowledged", ink.ack, size), line("end of the window", ink.edge, size, { dash: [6, 3] })],
      join([seconds(graph.acks[0]), whole(graph.acks[1])], [seconds(graph.acks[0]), whole(graph.acks[2])]),
      { scales: { y: { range: (self) => room(self, bars, graph) } },
        hooks: { draw: [self => paint(self, graph, bars, ink)],
                 setCursor: [self => { const number = self.cursor.left >= 0 ? nearest(self) : -1;
                                       if (number >= 0) status.textContent = words(number);
                                       self.over.style.cursor = number >= 0 ? "pointer" : ""; }] } });
    const legend = document.createElement("p");
    legend.className = "key";
    legend.textContent = [...graph.kinds.filter(kind => LETTERS[kind] && !PLAIN.includes(kind)).map(kind => `${LETTERS[kind]} ${kind}`),
      ...(graph.sacks[0].length ? ["bars on the line of ACKs: SACK"] : []), ...(graph.duplicates[0].length ? ["ticks below it: duplicate ACKs"] : [])].join(" · ");
    container.append(legend);
    sequence.over.addEventListener("click", () => {
      const number = nearest(sequence);
      if (number >= 0 && bars.frame[number]) mnlab.show(bars.frame[number]);
    });
    const flight = curve(graph.flight), window = [seconds(graph.acks[0]),
      whole(graph.acks[2]).map((edge, index) => edge - whole(graph.acks[1])[index])];
    const inBytes = [["in flight (wire)", flight, ink.data, {}], ["the receiver's window", window, ink.edge, { dash: [6, 3] }],
                     ["cwnd (kernel)", curve(graph.cwnd), ink.cwnd, { width: 2 }],
                     ["ssthresh (kernel)", curve(graph.ssthresh), ink.ssthresh, { dash: [2, 3] }]].filter(one => one[1][0].length);
    const highest = Math.max(graph.size, ...flight[1], ...whole(graph.cwnd[1]));
    if (flight[0].length)
      panel(`Bytes in flight${graph.cwnd[0].length ? ", and what the kernel allows" : ""}`, PANELS.bytes,
        sizes, inBytes.map(([label, , stroke, more]) => line(label, stroke, size, more)),
        join(...inBytes.map(one => one[1])), { scales: { y: { range: () => [0, highest * 1.15] } } });
    const trips = [["round trip", curve(graph.rtt, 1e-3), ink.data, { paths: () => null, points: { show: true, size: 4, fill: ink.data } }],
                   ["smoothed (kernel)", curve(graph.srtt, 1e-3), ink.cwnd, {}],
                   ["timeout (RTO)", curve(graph.rto, 1e-3), ink.again, { dash: [6, 3] }]].filter(one => one[1][0].length);
    if (graph.rtt[0].length)
      panel("Round trips and the timeout that follows from them", PANELS.trip, { values: (_, marks) => marks.map(mark => mark + " ms") },
        trips.map(([label, , stroke, more]) => line(label, stroke, ms, more)), join(...trips.map(one => one[1])),
        { scales: { y: { range: (_, low, high) => [0, (high || 1) * 1.1] } } });
  }
  const lanes = [...connection.bands, ...connection.graphs.filter(graph => graph.congestion)
    .map(graph => ({ of: `${graph.of.replace(/:[^:]*$/, "")} kernel`, spans: graph.congestion }))];
  panel(`States of both ends${lanes.length > 2 ? ", and of the kernel's congestion control" : ""}`, PANELS.states + 22 * (lanes.length - 2), { values: () => [], grid: { show: false }, ticks: { show: false } }, [{ label: "", show: true, paths: () => null, points: { show: false } }],
    [full, [0, 0]], { quiet: true, scales: { y: { range: () => [0, 1] } }, hooks: { draw: [self => lay(self, lanes, ink)] } });
  show();
}

/* The numbers within the time shown: from the lowest to the highest, of bars and ACKs; of the window's line what fits. */
function room(plot, bars, graph) {
  const { min, max } = plot.scales.x;
  let low = Infinity, high = -Infinity;
  const take = value => { if (value < low) low = value; if (value > high) high = value; };
  bars.at.forEach((at, number) => { if (at >= min && at <= max) { take(bars.first[number]); take(bars.first[number] + bars.length[number]); } });
  const acks = plot.data[1];
  plot.data[0].forEach((at, index) => { if (at >= min && at <= max && acks[index] != null) take(acks[index]); });
  if (low > high) return [0, 1];
  const space = Math.max((high - low) * 0.06, 2);
  return [low - space, high + space * 2];
}

/* Segments as bars with arrowheads, as tcptrace draws them; what was sent again has a letter and another colour. */
function paint(plot, graph, bars, ink) {
  const pen = plot.ctx, ratio = devicePixelRatio, { left, top, width, height } = plot.bbox;
  const x = at => Math.round(plot.valToPos(at, "x", true)) + 0.5, y = value => plot.valToPos(value, "y", true);
  pen.save();
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
  pen.font = `${11 * ratio}px system-ui`;
  pen.textAlign = "center";
  pen.setLineDash([]);
  const strokes = (colour, thick, path) => { pen.strokeStyle = colour; pen.lineWidth = thick * ratio; pen.beginPath(); path(); pen.stroke(); };
  const sacks = graph.sacks, sackAt = seconds(sacks[0]), sackFirst = whole(sacks[1]), sackEnd = whole(sacks[2]);
  strokes(ink.sack, 2, () => sackAt.forEach((at, number) => { pen.moveTo(x(at), y(sackFirst[number])); pen.lineTo(x(at), y(sackEnd[number])); }));
  const copyAt = seconds(graph.duplicates[0]), copy = whole(graph.duplicates[1]);
  strokes(ink.ack, 1, () => copyAt.forEach((at, number) => { pen.moveTo(x(at), y(copy[number])); pen.lineTo(x(at), y(copy[number]) + 6 * ratio); }));
  const head = 3 * ratio;
  const bar = number => {
    const at = x(bars.at[number]), low = y(bars.first[number]), high = y(bars.first[number] + bars.length[number]);
    pen.moveTo(at, Math.max(low, high + 1.5 * ratio)); pen.lineTo(at, high);
    if (low - high < 3 * head && low - high > 0.1) return;
    pen.moveTo(at - head, high + head); pen.lineTo(at, high); pen.lineTo(at + head, high + head);
    pen.moveTo(at - head, low - head); pen.lineTo(at, low); pen.lineTo(at + head, low - head);
  };
  const plain = bars.kind.map(kind => PLAIN.includes(graph.kinds[kind]));
  strokes(ink.data, 1.7, () => plain.forEach((is, number) => is && bar(number)));
  strokes(ink.again, 2, () => plain.forEach((is, number) => is || bar(number)));
  bars.kind.forEach((kind, number) => {
    const letter = LETTERS[graph.kinds[kind]];
    if (!letter) return;
    pen.fillStyle = plain[number] ? ink.quiet : ink.again;
    pen.fillText(letter, x(bars.at[number]), y(bars.first[number] + bars.length[number]) - 5 * ratio);
  });
  pen.restore();
}

/* The states as bands, one lane an end; a name stands where it fits. */
function lay(plot, lanes, ink) {
  const pen = plot.ctx, ratio = devicePixelRatio, { left, top, width, height } = plot.bbox;
  const tall = height / lanes.length;
  pen.setLineDash([]);
  pen.save();
  pen.font = `${11 * ratio}px system-ui`;
  pen.textBaseline = "middle";
  lanes.forEach((lane, row) => {
    const middle = top + tall * (row + 0.5);
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    lane.spans.forEach(([from, to, name], number) => {
      const a = plot.valToPos(from / 1e6, "x", true), b = Math.max(plot.valToPos(to / 1e6, "x", true), a + ratio);
      pen.fillStyle = number % 2 ? ink.line : ink.shade;
      pen.strokeStyle = ink.quiet;
      pen.fillRect(a, middle - tall * 0.38, b - a, tall * 0.76);
      pen.strokeRect(a, middle - tall * 0.38, b - a, tall * 0.76);
      const from_ = Math.max(a, left), to_ = Math.min(b, left + width);
      if (pen.measureText(name).width + 6 * ratio < to_ - from_) {
        pen.fillStyle = ink.text;
        pen.textAlign = "center";
        pen.fillText(name, (from_ + to_) / 2, middle);
      }
    });
    pen.restore();
    pen.fillStyle = ink.quiet;
    pen.textAlign = "right";
    pen.fillText(lane.of, left - 4 * ratio, middle, left - 6 * ratio);
  });
  pen.restore();
}

const parts = [...document.querySelectorAll("details.connection")];
const fill = part => {
  const container = part.querySelector(".graphs");
  if (part.open && !container.firstChild) draw(container, mnlab.data.tcp[+part.id.slice(4)]);
};
for (const part of parts) {
  part.addEventListener("toggle", () => fill(part));
  setTimeout(() => fill(part));  // in a task of its own: the page answers meanwhile
}
addEventListener("resize", () => parts.forEach(part => part.querySelector(".graphs").resize?.()));
curves.dark.addEventListener("change", () => parts.forEach(part => { part.querySelector(".graphs").replaceChildren(); fill(part); }));
}

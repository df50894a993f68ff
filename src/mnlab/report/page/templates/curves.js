/* Curves over one time, drawn by uPlot one below the other: zoomed, moved and read together. */
const curves = (() => {
const dark = matchMedia("(prefers-color-scheme: dark)");
const colours = () => dark.matches
  ? { text: "#e6e6e6", quiet: "#9a9a9a", line: "#3a3a3a", data: "#56b4e9", ack: "#2fc79a", edge: "#e69f00",
      again: "#ff8a4c", sack: "#e29ac4", cwnd: "#e29ac4", ssthresh: "#f0e442", shade: "#333" }
  : { text: "#222", quiet: "#666", line: "#ddd", data: "#0072b2", ack: "#00745a", edge: "#b07800",
      again: "#c04a00", sack: "#a8437f", cwnd: "#a8437f", ssthresh: "#6b6b6b", shade: "#eee" };

// Columns come as the first value and then the differences, times in microseconds.
const whole = column => { let sum = 0; return column.map(step => sum += step); };
const seconds = column => whole(column).map(us => us / 1e6);
const curve = ([times, values], factor = 1) => [seconds(times), whole(values).map(value => value * factor)];
const size = bytes => Math.abs(bytes) >= 1e6 ? +(bytes / 1e6).toFixed(2) + " MB"
  : Math.abs(bytes) >= 1e4 ? +(bytes / 1e3).toFixed(1) + " kB" : Math.round(bytes) + " B";
const ms = value => value.toFixed(3) + " ms";
const sizes = { values: (_, marks) => marks.map(bytes => bytes >= 1e6 ? +(bytes / 1e6).toFixed(2) + "M" : bytes >= 1e4 ? +(bytes / 1e3).toFixed(1) + "k" : bytes) };
const steps = uPlot.paths.stepped({ align: 1 });
const line = (label, stroke, value, more = {}) => ({ label, stroke, width: 1.5, paths: steps, spanGaps: true,
  points: { show: false }, value: (_, at) => at == null ? "" : value(at), ...more });

/* Panels in `container` over `length` seconds, with buttons and keys; `key` is the group's own name. */
function group(container, length, key) {
  const ink = colours(), margin = length * 0.015, full = [-margin, length + margin], plots = [];
  const wide = () => Math.max(container.clientWidth - 4, 280);
  let moving = false;

  const move = ([from, to]) => {
    const span = Math.min(Math.max(to - from, 1e-6), full[1] - full[0]);
    from = Math.min(Math.max(from, full[0]), full[1] - span);
    moving = true;
    for (const plot of plots) plot.setScale("x", { min: from, max: from + span });
    moving = false;
  };
  const shown = () => [plots[0].scales.x.min, plots[0].scales.x.max];
  const zoom = factor => { const [from, to] = shown(), middle = (from + to) / 2, half = (to - from) / 2 * factor;
                           move([middle - half, middle + half]); };
  const shift = share => { const [from, to] = shown(); move([from + share * (to - from), to + share * (to - from)]); };
  const ways = { "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": () => move(full),
                 "ArrowLeft": () => shift(-0.25), "ArrowRight": () => shift(0.25) };

  const tools = document.createElement("p"), status = document.createElement("p");
  tools.className = "tools";
  status.className = "status";
  status.setAttribute("role", "status");
  for (const [words, name, sign] of [["zoom in", "+", "+"], ["zoom out", "-", "−"], ["earlier", "ArrowLeft", "◀"],
                                     ["later", "ArrowRight", "▶"], ["the whole", "0", "whole"]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = sign;
    button.setAttribute("aria-label", words);
    button.addEventListener("click", ways[name]);
    tools.append(button);
  }
  container.setAttribute("role", "group");
  container.setAttribute("aria-label", "Graphs: plus and minus zoom, arrows move, 0 shows the whole");
  container.append(tools, status);
  container.onkeydown = event => {
    if (event.target === container && ways[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
      ways[event.key]();
      event.preventDefault();
    }
  };

  const panel = (title, height, axis, series, data, extra = {}) => {
    const heading = document.createElement("h4");
    heading.textContent = title;
    container.append(heading);
    const look = { stroke: ink.quiet, grid: { stroke: ink.line, width: 1 }, ticks: { stroke: ink.line }, font: "12px system-ui" };
    const plot = new uPlot({
      width: wide(), height,
      scales: { x: { time: false, range: (_, from, to) => [from, to] }, ...extra.scales },
      axes: [{ ...look, size: 32, values: (_, marks) => marks.map(mark => +mark.toFixed(6) + " s") }, { ...look, size: 70, ...axis }],
      series: [{ label: "time", value: (_, at) => at == null ? "" : at.toFixed(6) + " s" }, ...series],
      cursor: { sync: { key, scales: ["x", null] }, drag: { x: true, y: false, setScale: true }, points: { size: 5 } },
      legend: { live: !extra.quiet, show: !extra.quiet },
      hooks: { ...extra.hooks, setScale: [(self, scale) => {
        if (scale === "x" && !moving && plots.length && self.scales.x.min != null) move([self.scales.x.min, self.scales.x.max]);
      }] },
    }, data, container);
    plots.push(plot);
    plot.over.addEventListener("dblclick", () => move(full));
    return plot;
  };
  container.resize = () => plots.forEach(plot => plot.setSize({ width: wide(), height: plot.height }));
  return { ink, status, panel, full, whole: () => move(full) };
}

return { dark, whole, seconds, curve, size, ms, sizes, line, group };
})();

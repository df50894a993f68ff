{
const { names, pairs, connections } = JSON.parse(document.getElementById("data").textContent).compare;
const { seconds, whole, curve, size, ms, sizes, line, group, dark } = curves;
const container = document.getElementById("graphs"), chosen = ["one", "other"].map(id => document.getElementById(id));

chosen.forEach((select, side) => connections[side].forEach((connection, number) => {
  const option = document.createElement("option");
  option.value = number;
  option.textContent = connection.name;
  select.append(option);
}));
[chosen[0].value, chosen[1].value] = pairs[0];

function draw() {
  const both = chosen.map((select, side) => connections[side][+select.value]);
  container.replaceChildren();
  const { ink, panel, whole: show } = group(container, Math.max(...both.map(one => one.length), 1) / 1e6, "compare");
  const looks = [[ink.data, {}], [ink.again, { dash: [7, 4] }]];
  const over = (title, height, axis, value, take, more = () => ({})) => {
    const found = both.map(take), there = [0, 1].filter(side => found[side][0].length);
    if (!there.length) return;
    const highest = Math.max(...there.flatMap(side => found[side][1]));
    panel(title, height, axis, there.map(side => line(names[side], looks[side][0], value, { ...looks[side][1], ...more(looks[side][0]) })),
      uPlot.join(there.map(side => found[side])), { scales: { y: { range: () => [0, (highest || 1) * 1.08] } } });
  };
  const trips = { values: (_, marks) => marks.map(mark => mark + " ms") };
  over("Acknowledged", 260, sizes, size, one => [seconds(one.acks[0]), whole(one.acks[1])]);
  over("In flight (wire)", 180, sizes, size, one => curve(one.flight));
  over("Congestion window (kernel)", 180, sizes, size, one => curve(one.cwnd));
  over("Round trips", 150, trips, ms, one => curve(one.rtt, 1e-3));
  show();
}

chosen[0].addEventListener("change", () => {  // the connection of the other run that is the same one, if there is any
  const pair = pairs.find(([one]) => one === +chosen[0].value);
  if (pair) chosen[1].value = pair[1];
  draw();
});
chosen[1].addEventListener("change", draw);
addEventListener("resize", () => container.resize?.());
dark.addEventListener("change", draw);
draw();
}

{
const table = document.getElementById("students"), body = table.tBodies[0], rows = [...body.rows];
const find = document.getElementById("find"), flagged = document.getElementById("flagged"), told = document.getElementById("shown");
const texts = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));

const filter = () => {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows) {
    row.hidden = (flagged.checked && !row.classList.contains("flagged")) || !words.every(word => texts.get(row).includes(word));
    count += !row.hidden;
  }
  told.textContent = `${count} of ${rows.length}`;
};

const heads = [...table.tHead.rows[0].cells];
heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
  const down = head.getAttribute("aria-sort") === "ascending", numeric = head.querySelector("button").dataset.sort === "number";
  heads.forEach(other => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const value = row => numeric ? +row.cells[column].dataset.value : row.cells[column].textContent;
  const order = (one, other) => numeric ? value(one) - value(other) : value(one).localeCompare(value(other), undefined, { numeric: true });
  rows.sort((one, other) => (down ? -1 : 1) * order(one, other));
  body.append(...rows);
}));
find.addEventListener("input", filter);
flagged.addEventListener("change", filter);
filter();
}

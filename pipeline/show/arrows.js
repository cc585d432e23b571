// In a table of numbers one number is a stop of the Tab key, and the arrow keys go from number to number.
(() => {
  const links = cell => cell ? [...cell.querySelectorAll("data > a")] : [];

  function enter(link) {
    for (const other of link.closest("table").querySelectorAll("data > a[tabindex='0']")) other.tabIndex = -1;
    link.tabIndex = 0;
  }

  // The next number in a direction: inside the cell first, then the next cell of the row or column that has one.
  function next(link, key) {
    const cell = link.closest("td"), own = links(cell), vertical = key === "ArrowUp" || key === "ArrowDown";
    const step = key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1;
    if (vertical && own[own.indexOf(link) + step]) return own[own.indexOf(link) + step];
    const rows = [...link.closest("table").rows];
    let row = rows.indexOf(cell.parentElement), column = cell.cellIndex;
    for (;;) {
      if (vertical) row += step; else column += step;
      if (row < 0 || row >= rows.length || column < 0 || column >= rows[row].cells.length && !vertical) return null;
      const found = links(rows[row].cells[column]);
      if (found.length && !vertical) return found[Math.min(own.indexOf(link), found.length - 1)];
      if (found.length) return step < 0 ? found[found.length - 1] : found[0];
    }
  }

  for (const table of document.querySelectorAll("table")) {
    const own = table.querySelectorAll("data > a");
    own.forEach((link, place) => { link.tabIndex = place ? -1 : 0; });
  }
  document.addEventListener("focusin", event => { if (event.target.matches("td data > a")) enter(event.target); });
  document.addEventListener("keydown", event => {
    if (!/^Arrow/.test(event.key) || !event.target.matches("td data > a")) return;
    const found = next(event.target, event.key);
    if (found) {
      event.preventDefault();
      found.focus();
    }
  });
})();

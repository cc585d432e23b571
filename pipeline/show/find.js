// The search: an address, a number as shown, or words; Enter opens the first, arrow keys go through the others.
(() => {
  const box = document.getElementById("find"), list = document.getElementById("found"), said = document.getElementById("found-count");
  const MOST = 12;
  let index = null;

  const plain = text => text.toLowerCase().replace(/[_/:,.()\u2013\u00b7-]+/g, " ");

  function read() {
    const { addresses, cell, data } = numbers();
    return addresses.map((address, place) => {
      const found = cell(place), { estimate } = found;
      const words = [found.exhibit.number, ...whereabouts(found), data.variables[estimate.outcome]?.[0] ?? "", data.samples[`${estimate.model}/${estimate.sample}`]?.[0] ?? "", data.names[found.statistic]];
      const text = plain(`${address} ${words.join(" ")}`);
      return { address, text: ` ${text} `, shown: ` ${found.text} `, rank: (found.statistic === "estimate" ? 0 : 100) + text.length / 10 };
    });
  }

  // A number must be a word of its own, a word may be the beginning of one.
  const holds = (entry, word) => /^[\d\u2212]/.test(word) ? entry.text.includes(` ${plain(word).trim()} `) || entry.shown.includes(` ${word} `) : entry.text.includes(` ${word}`);

  function search(asked) {
    const exact = asked.trim().replace(/^.*#/, "");
    if (numbers().find(exact)) return [exact];
    index ??= read();
    const words = exact.toLowerCase().split(/\s+/).flatMap(word => /^[\d\u2212]/.test(word) ? [word] : plain(word).trim().split(" ")).filter(Boolean);
    if (!words.length) return [];
    return index.filter(entry => words.every(word => holds(entry, word))).sort((one, other) => one.rank - other.rank).map(entry => entry.address);
  }

  function update() {
    const { data: { ui, names }, find } = numbers();
    const found = search(box.value), first = found.slice(0, MOST);
    list.replaceChildren(...first.map(address => {
      const number = find(address);
      return make("li", {}, make("a", { href: `#${address}` }, make("strong", {}, number.text), ` ${number.exhibit.number} ${whereabouts(number).join(" \u00b7 ")}, ${inSentence(names[number.statistic])} `, make("code", {}, address)));
    }));
    const isShort = found.length <= MOST, words = { count: localised(String(found.length)), shown: String(MOST) };
    said.textContent = !box.value.trim() ? "" : !found.length ? ui.none_found : fill(isShort ? ui.found : ui.found_first, words);
    return found;
  }

  function move(step) {
    const links = [...list.querySelectorAll("a")], at = links.indexOf(document.activeElement) + step;
    (links[at] ?? box).focus();
  }

  box.addEventListener("input", update);
  box.form.addEventListener("submit", event => {
    event.preventDefault();
    const [first] = update();
    if (first) document.dispatchEvent(new CustomEvent("panel-ask", { detail: first }));
  });
  box.form.addEventListener("keydown", event => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      box.value = "";
      update();
      box.focus();
    }
  });
  box.form.hidden = false;
})();

// Curves under the pointer, a finger and the arrow keys: week, estimate, interval and n, and the way to where they come from.
(() => {
  const JUMP = 13;  // weeks: a quarter of a year

  // The curves of one panel: their points in the order of the axis, from the numbers of the page.
  function readCurves(figure, panel) {
    const { addresses, cell, data } = numbers(), found = new Map();
    addresses.forEach((address, place) => {
      if (!address.startsWith(`${figure}/`)) return;
      const number = cell(place);
      if (number.panel !== panel || number.row === "" || number.statistic !== "estimate" || number.estimate.statistics.estimate === null) return;
      if (!found.has(number.column)) found.set(number.column, []);
      const isGrid = number.exhibit.kind === "density", { estimate, control_mean } = number.estimate.statistics;
      found.get(number.column).push({ number, x: isGrid ? control_mean : Number(number.row), y: estimate * 10 ** data.units[number.scale][0] });
    });
    return [...found.values()];
  }

  function describe({ number, x }) {
    const { ui } = numbers().data, { exhibit, estimate: { statistics } } = number;
    const at = exhibit.kind === "density" ? `${exhibit.axes[number.panel] || ui.x}: ${localised(String(x))}` : fill(ui.week, { week: number.row });
    const curve = exhibit.columns[number.column];
    const interval = statistics.ci_low === null ? "" : ` (${roundedText(statistics.ci_low, number.scale)} ${ui.to} ${roundedText(statistics.ci_high, number.scale)})`;
    const counted = numbers().data.models[number.estimate.model]?.n, named = counted === "at_risk" ? inSentence(ui.at_risk) : "n";
    const size = statistics.n === null ? "" : `, ${named} = ${localised(String(statistics.n))}`;
    return { head: [at, curve].filter(Boolean).join(", "), text: `${number.text}${interval}${size}` };
  }

  class Axes {
    constructor(figure, panel, [left, top, right, bottom, x0, x1, y0, y1], view, name) {
      Object.assign(this, { figure, panel, left, top, right, bottom, x0, x1, y0, y1, view, curve: 0, point: -1 });
      this.area = make("div", { class: "axes", role: "slider", tabindex: "0", "aria-label": name, "aria-valuemin": x0, "aria-valuemax": x1, "aria-valuenow": x0 });
      this.mark = make("span", { class: "point", hidden: "" });
      this.readout = make("span", { class: "readout", hidden: "" });
      this.frame = make("div", { class: "frame" }, this.area, this.mark, this.readout);
      this.frame.style.cssText = `left:${this.part(left, 0)}%;top:${this.part(top, 1)}%;width:${100 * (right - left) / view[2]}%;height:${100 * (bottom - top) / view[3]}%`;
      this.listen();
    }

    listen() {
      const { area, frame } = this;
      area.addEventListener("pointermove", event => this.near(event));
      area.addEventListener("pointerdown", event => this.near(event));
      area.addEventListener("keydown", event => this.press(event));
      area.addEventListener("click", event => { if (event.pointerType !== "touch") this.open(event); });
      frame.addEventListener("pointerleave", event => { if (event.pointerType !== "touch") this.leave(); });
      frame.addEventListener("focusout", event => { if (!frame.contains(event.relatedTarget)) this.leave(); });
      area.addEventListener("focus", () => { if (this.point < 0) this.go(0, this.curves[0]?.length - 1); else this.show(); });
    }

    part(value, axis) { return 100 * (value - this.view[axis]) / this.view[2 + axis]; }

    get curves() { return this.known ??= readCurves(this.figure, this.panel); }

    get current() { return this.curves[this.curve]?.[this.point]; }

    // The place of a point inside the axes, as shares of their width and height.
    place({ x, y }) { return [(x - this.x0) / (this.x1 - this.x0), (this.y1 - y) / (this.y1 - this.y0)]; }

    go(curve, point) {
      if (!this.curves.length) return;
      this.curve = Math.max(0, Math.min(this.curves.length - 1, curve));
      this.point = Math.max(0, Math.min(this.curves[this.curve].length - 1, point));
      this.show();
    }

    near(event) {
      const box = this.area.getBoundingClientRect(), x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.height;
      const nearest = this.curves.map(points => points.reduce((best, point, at) => Math.abs(this.place(point)[0] - x) < Math.abs(this.place(points[best])[0] - x) ? at : best, 0));
      const curve = nearest.reduce((best, at, number) => Math.abs(this.place(this.curves[number][at])[1] - y) < Math.abs(this.place(this.curves[best][nearest[best]])[1] - y) ? number : best, 0);
      if (this.curves.length) this.go(curve, nearest[curve]);
    }

    press(event) {
      const last = (this.curves[this.curve]?.length ?? 1) - 1;
      const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], PageUp: [0, JUMP], PageDown: [0, -JUMP], Home: [0, -last], End: [0, last] };
      if (event.key === "Enter" || event.key === " ") this.open(event);
      else if (event.key === "Escape") this.leave();
      else if (moves[event.key]) this.go(this.curve + moves[event.key][0], this.point + moves[event.key][1]);
      else return;
      event.preventDefault();
      this.mark.scrollIntoView({ block: "nearest", inline: "nearest" });  // where a narrow window shows a part of the picture
    }

    open(event) {
      event.preventDefault();
      if (this.current) document.dispatchEvent(new CustomEvent("panel-ask", { detail: this.current.number.address }));
    }

    leave() {
      this.mark.hidden = this.readout.hidden = true;
    }

    show() {
      const point = this.current, [x, y] = this.place(point), { head, text } = describe(point);
      this.mark.style.cssText = `left:${100 * x}%;top:${100 * y}%`;
      this.readout.style.cssText = x > 0.5 ? `right:${100 * (1 - x)}%;top:${100 * y}%` : `left:${100 * x}%;top:${100 * y}%`;
      this.readout.classList.toggle("low", y < 0.35);
      this.readout.replaceChildren(make("strong", {}, head), " ", make("a", { href: `#${point.number.address}`, tabindex: "-1" }, text));
      this.mark.hidden = this.readout.hidden = false;
      this.area.setAttribute("aria-valuenow", String(Math.round(point.x)));
      this.area.setAttribute("aria-valuetext", `${head}: ${text}`);
    }
  }

  // The areas lie over the picture and move with it. All are measured before any is moved, as in regions.js.
  const layers = new Map();
  const measure = picture => {
    const parent = picture.parentElement;  // on paper the layer is not there and has no parent that it is placed by
    const box = picture.getBoundingClientRect(), outer = parent.getBoundingClientRect();
    const left = box.left - outer.left + parent.scrollLeft, top = box.top - outer.top + parent.scrollTop;
    return { layer: layers.get(picture), place: `left:${left}px;top:${top}px;width:${box.width}px;height:${box.height}px` };
  };
  const followed = new ResizeObserver(entries => {
    entries.map(({ target }) => measure(target)).forEach(({ layer, place }) => { layer.style.cssText = place; });
  });

  function lay(picture) {
    const figure = picture.closest("section").id, view = picture.getAttribute("viewBox").split(" ").map(Number);
    const layer = make("div", { class: "curves" });
    const names = JSON.parse(picture.dataset.names);
    for (const [panel, ...ends] of JSON.parse(picture.dataset.axes)) layer.append(new Axes(figure, panel, ends, view, names[panel]).frame);
    picture.after(layer);
    layers.set(picture, layer);
    followed.observe(picture);
  }

  document.querySelectorAll("svg[data-axes]").forEach(lay);

  // Numbers written in a picture open too; the keyboard reaches them in the table below it.
  document.addEventListener("click", event => {
    const written = event.target.closest?.("figure svg g[id*='/']");
    if (!written) return;
    const address = written.id.slice(written.closest("section").id.length + 1);
    document.dispatchEvent(new CustomEvent("panel-ask", { detail: address }));
  });
})();

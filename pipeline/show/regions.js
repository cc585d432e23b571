// What is wider than its place scrolls there: it says so, keys can reach it, and its heads stay. What fits is no region.
{
  const say = (region, scrolls) => {
    const parts = [region.closest("section"), region.closest("details")].filter(Boolean);
    const named = parts.map(part => part.querySelector("h1, h2, h3, summary")?.textContent.trim()).filter(Boolean);
    const name = named.join(", ") || document.title;
    const told = { tabindex: "0", role: "region", "aria-label": name, "data-hint": document.body.dataset.scroll };
    Object.entries(told).forEach(([key, text]) => scrolls ? region.setAttribute(key, text) : region.removeAttribute(key));
  };
  // All are measured before any is changed: a change between two measures would have the whole page laid out again.
  const measure = region => {
    const { scrollWidth, clientWidth, scrollHeight, clientHeight, scrollLeft, scrollTop } = region;
    const isMoreRight = scrollLeft + clientWidth < scrollWidth - 1, isMoreBelow = scrollTop + clientHeight < scrollHeight - 1;
    return { region, scrolls: scrollWidth > clientWidth + 1, isMoreRight, isMoreBelow };
  };
  const tell = ({ region, scrolls, isMoreRight, isMoreBelow }) => {
    region.classList.toggle("fits", !scrolls);
    region.classList.toggle("more-right", isMoreRight);
    region.classList.toggle("more-below", isMoreBelow);
    if (region.hasAttribute("tabindex") !== scrolls) say(region, scrolls);
  };
  const look = regions => [...new Set(regions)].map(measure).forEach(tell);
  const seen = new ResizeObserver(entries => look(entries.map(entry => entry.target.closest(".scroll"))));
  document.querySelectorAll(".scroll").forEach(region => {
    [region, ...region.children].forEach(part => seen.observe(part));
    region.addEventListener("scroll", () => look([region]), { passive: true });
  });
}

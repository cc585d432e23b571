// What is wider than its place scrolls there: it says so, keys can reach it, and its heads stay. What fits is no region.
{
  const say = (region, scrolls) => {
    const parts = [region.closest("section"), region.closest("details")].filter(Boolean);
    const named = parts.map(part => part.querySelector("h1, h2, h3, summary")?.textContent.trim()).filter(Boolean);
    const name = named.join(", ") || document.title;
    const told = { tabindex: "0", role: "region", "aria-label": name, "data-hint": document.body.dataset.scroll };
    Object.entries(told).forEach(([key, text]) => scrolls ? region.setAttribute(key, text) : region.removeAttribute(key));
  };
  const look = region => {
    const scrolls = region.scrollWidth > region.clientWidth + 1;
    region.classList.toggle("fits", !scrolls);
    region.classList.toggle("more-right", region.scrollLeft + region.clientWidth < region.scrollWidth - 1);
    region.classList.toggle("more-below", region.scrollTop + region.clientHeight < region.scrollHeight - 1);
    if (region.hasAttribute("tabindex") !== scrolls) say(region, scrolls);
  };
  const seen = new ResizeObserver(entries => entries.forEach(entry => look(entry.target.closest(".scroll"))));
  document.querySelectorAll(".scroll").forEach(region => {
    [region, ...region.children].forEach(part => seen.observe(part));
    region.addEventListener("scroll", () => look(region), { passive: true });
  });
}

// Small screens begin with the contents folded; beside the text the reader's place is marked and its chapter open.
{
  const contents = document.getElementById("contents");
  const isBeside = matchMedia("(min-width: 70rem)");
  const fold = () => { contents.open = isBeside.matches; };
  const mark = ({ target, isIntersecting }) => {
    const link = contents.querySelector(`a[href="#${target.id}"]`);
    if (isIntersecting) link.setAttribute("aria-current", "location");
    else link.removeAttribute("aria-current");
    if (isIntersecting && isBeside.matches) link.closest("details").open = true;
  };
  const line = new IntersectionObserver(entries => entries.forEach(mark), { rootMargin: "-20% 0px -79% 0px" });
  fold();
  isBeside.addEventListener("change", fold);
  addEventListener("DOMContentLoaded", () => contents.querySelectorAll('a[href^="#"]').forEach(link => {
    line.observe(document.getElementById(link.hash.slice(1)));
  }));
}

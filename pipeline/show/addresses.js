// The box that shows the address of every number; without scripts it stays hidden.
{
  const box = document.getElementById("show-addresses");
  box?.addEventListener("change", () => document.body.classList.toggle("addressed", box.checked));
  if (box) box.closest("p").hidden = false;
}

/* PNG of a drawing: a copy with its computed colours written into it, painted on a canvas. */
(() => {
  "use strict";
  const painted = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-weight", "font-family", "text-anchor", "paint-order", "stroke-linejoin"];

  const copyOf = (plot) => {
    const copy = plot.cloneNode(true);
    const from = [plot, ...plot.querySelectorAll("*")];
    [copy, ...copy.querySelectorAll("*")].forEach((mark, at) => {
      const style = getComputedStyle(from[at]);
      if (style.display === "none") mark.setAttribute("visibility", "hidden");
      for (const name of painted) mark.setAttribute(name, style.getPropertyValue(name));
      mark.removeAttribute("class");
    });
    const box = plot.getBoundingClientRect();
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("width", box.width);
    copy.setAttribute("height", box.height);
    return { text: new XMLSerializer().serializeToString(copy), width: box.width, height: box.height };
  };

  const keep = (canvas, name) => canvas.toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${name}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    window.stillwatch?.tell(`${name}.png was made`);
  }, "image/png");

  const draw = async (figure) => {
    const { text, width, height } = copyOf(figure.querySelector("svg.plot"));
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    const margin = 16;
    canvas.width = 2 * (width + 2 * margin);
    canvas.height = 2 * (height + 2 * margin);
    const paint = canvas.getContext("2d");
    paint.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--surface");
    paint.fillRect(0, 0, canvas.width, canvas.height);
    paint.drawImage(image, 2 * margin, 2 * margin, 2 * width, 2 * height);
    keep(canvas, figure.dataset.figure);
  };

  for (const button of document.querySelectorAll("[data-png]")) {
    button.hidden = false;
    const name = button.closest("figure").querySelector(".name")?.textContent ?? "drawing";
    button.setAttribute("aria-label", `PNG of: ${name}`);
    button.addEventListener("click", () => draw(button.closest("figure")));
  }
  window.stillwatch = { ...window.stillwatch, keep };
})();

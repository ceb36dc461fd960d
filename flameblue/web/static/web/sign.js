// The signature is drawn on a canvas and sent as the form's file; without script a picture is chosen.
const form = document.querySelector("form.sign");
if (form && window.DataTransfer) {
  const pad = form.querySelector(".pad");
  const canvas = pad.querySelector("canvas");
  const file = form.elements.namedItem("drawn");
  const pen = canvas.getContext("2d");
  let drawn = false;
  let sending = false;
  pad.hidden = false;
  form.querySelectorAll(".pad-file").forEach((one) => { one.hidden = true; });
  pen.lineWidth = 4;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!event.buttons) return;
    pen.lineTo(...at(event));
    pen.stroke();
    drawn = true;
  });
  pad.querySelector("[data-clear]").addEventListener("click", () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    drawn = false;
  });
  form.addEventListener("submit", (event) => {
    if (sending || !drawn) return; // what nobody drew is refused in words by the server
    event.preventDefault();
    canvas.toBlob((blob) => {
      const kept = new DataTransfer();
      kept.items.add(new File([blob], "signature.png", { type: "image/png" }));
      file.files = kept.files;
      sending = true;
      form.requestSubmit();
    }, "image/png");
  });
}

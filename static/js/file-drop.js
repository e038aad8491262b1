/* A file dropped on the area goes into its field; one that is too large is named before it is sent.
 *
 *   <div data-file-drop data-most-bytes="209715200" data-too-large="Split it."> <input type="file" name="file"> <p data-file-drop-hint>Drop a file here.</p> </div>
 */
const megabytes = (bytes) => `${(bytes / 1048576).toFixed(1)} MB`;

function tell(area) {
  const field = area.querySelector("input[type=file]");
  const hint = area.querySelector("[data-file-drop-hint]");
  const [file] = field.files;
  const tooLarge = file && file.size > Number(area.dataset.mostBytes);
  const words = tooLarge ? `${file.name} has ${megabytes(file.size)}; at most ${megabytes(area.dataset.mostBytes)} are taken. ${area.dataset.tooLarge}` : "";
  field.setCustomValidity(words);
  hint.classList.toggle("bad", Boolean(tooLarge));
  if (file) hint.textContent = words || `${file.name}, ${megabytes(file.size)}`;
}

for (const area of document.querySelectorAll("[data-file-drop]")) {
  const field = area.querySelector("input[type=file]");
  field.addEventListener("change", () => tell(area));
  for (const kind of ["dragenter", "dragover"]) area.addEventListener(kind, (event) => { event.preventDefault(); area.classList.add("is-over"); });
  for (const kind of ["dragleave", "drop"]) area.addEventListener(kind, () => area.classList.remove("is-over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    field.files = event.dataTransfer.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

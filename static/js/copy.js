/* Copies a text and says so on the button.
 *
 *   <button type="button" class="btn btn-bare btn-round" data-copy="ada@acme.test" aria-label="Copy e-mail">…</button>
 *   <button type="button" data-copy-from="#reset-link">Copy link</button>        (a field or any element)
 */
import { toast } from "./toasts.js";

function textOf(button) {
  if (button.dataset.copy) return button.dataset.copy;
  const source = document.querySelector(button.dataset.copyFrom);
  return source ? (source.value ?? source.textContent).trim() : "";
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  event.preventDefault();
  const text = textOf(button);
  try {
    await navigator.clipboard.writeText(text);
    toast({ text: `Copied: ${text.length > 60 ? `${text.slice(0, 57)}…` : text}`, level: "success" });
  } catch {
    // Without https the clipboard is closed to pages.
    toast({ text: `This browser does not let us copy. Select it yourself: ${text}`, level: "warning" });
  }
});

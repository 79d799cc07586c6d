// textual.js connects to the address that the element names, and tells by classes of the body how that goes.
"use strict";

document.getElementById("terminal").dataset.sessionWebsocketUrl =
  `${location.origin.replace(/^http/, "ws")}/ws`;
for (const button of document.querySelectorAll("button")) {
  button.addEventListener("click", () => location.reload());
}

const opening = new MutationObserver(() => {
  if (!document.body.classList.contains("-first-byte")) return;
  opening.disconnect();
  document.querySelector(".xterm-helper-textarea").focus();
});
opening.observe(document.body, { attributeFilter: ["class"] });

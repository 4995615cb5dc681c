// The WebSocket: reconnects for ever, and knows for how long nothing has come.
export function connect(handlers, operator) {
  let last = performance.now();

  function open() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
    socket.binaryType = "blob";
    const beat = setInterval(() => {
      const name = operator();
      if (name && socket.readyState === WebSocket.OPEN) socket.send(name);
    }, 1000);
    socket.addEventListener("open", handlers.onOpen);
    socket.addEventListener("message", (event) => {
      last = performance.now();
      if (typeof event.data === "string") handlers.onSections(JSON.parse(event.data));
      else handlers.onPicture(event.data);
    });
    socket.addEventListener("close", () => {
      clearInterval(beat);
      setTimeout(open, 500);
    });
  }

  open();
  return { silentS: () => (performance.now() - last) / 1000 };
}

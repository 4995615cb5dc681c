// The operator's hand: HOLD at any time, the rest only in control. Never says "holding" before the vehicle does.
const byId = (id) => document.getElementById(id);

async function post(verb, operator) {
  try {
    const answer = await fetch("/api/command", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ verb, operator }),
    });
    const body = await answer.json();
    return answer.ok ? body : { state: "refused", reason: body.error };
  } catch {
    return { state: "refused", reason: "the station does not answer" };
  }
}

export function createControl() {
  const input = byId("operator");
  const holdState = byId("hold-state");
  let hold = null; // the last hold of this page: {id, state, reason, at}
  let view = {};
  let silent = false;
  input.value = localStorage.getItem("operator") ?? "";
  input.addEventListener("change", () => localStorage.setItem("operator", input.value.trim()));
  const name = () => input.value.trim();

  function holding() {
    const v = view.vehicle;
    return Boolean(v) && !silent && !view.streams?.vehicle_state?.stale && (v.control === "hold" || v.ladder === "hold");
  }

  function render() {
    const v = view.vehicle;
    let text = "vehicle not heard";
    let kind = "";
    if (holding()) [text, kind] = [`holding${v.reason ? `: ${v.reason}` : ""}`, "holding"];
    else if (hold?.state === "refused") [text, kind] = [`HOLD NOT CONFIRMED: ${hold.reason}`, "failed"];
    else if (hold?.state === "sent") [text, kind] = ["hold sent, waiting for the vehicle", "pending"];
    else if (hold?.state === "accepted") [text, kind] = ["hold accepted, vehicle not holding yet", "pending"];
    else if (silent || view.streams?.vehicle_state?.stale) [text, kind] = ["vehicle silent: its state is not known", "failed"];
    else if (v) text = v.ladder === "ok" ? `vehicle: ${v.control}` : `vehicle: ${v.ladder}${v.reason ? ` (${v.reason})` : ""}`;
    if (holdState.textContent !== text) holdState.textContent = text;
    holdState.className = kind;
    const mine = view.operator && view.operator === name();
    for (const button of document.querySelectorAll("[data-verb]")) button.disabled = !mine || silent;
    const take = byId("take");
    take.textContent = mine ? "Release" : view.operator ? `${view.operator} in control` : "Take control";
    take.disabled = silent || !name();
  }

  let sends = 0;

  async function send(verb) {
    const mine = ++sends;
    const note = byId("command-state");
    note.className = "dim";
    note.textContent = `${verb.replace("_", " ")} sent`;
    const answer = await post(verb, name() || "unnamed operator");
    if (mine !== sends) return answer; // a later command has the line
    const text = answer.state === "sent" || answer.state === "queued" ? "sent, not answered yet" : answer.state;
    note.textContent = `${verb.replace("_", " ")} ${text}${answer.reason ? `: ${answer.reason}` : ""}`;
    note.className = answer.state === "refused" ? "failed" : "dim";
    return answer;
  }

  async function sendHold() {
    const mine = { state: "sent", reason: "", id: null };
    hold = mine;
    render();
    const answer = await send("hold");
    Object.assign(mine, { id: answer.id ?? null, state: answer.state === "queued" ? "sent" : answer.state, reason: answer.reason });
    render();
  }

  byId("hold").addEventListener("click", sendHold);
  const typing = (target) => target instanceof HTMLInputElement;
  document.addEventListener("keydown", (event) => {
    if (event.code !== "Space" || typing(event.target)) return;
    event.preventDefault();
    if (!event.repeat) sendHold();
  }, true);
  // Without this a focused button would be pressed by the same Space.
  document.addEventListener("keyup", (event) => {
    if (event.code === "Space" && !typing(event.target)) event.preventDefault();
  }, true);

  const dialog = byId("abort-dialog");
  byId("abort").addEventListener("click", () => dialog.showModal());
  byId("abort-no").addEventListener("click", () => dialog.close());
  byId("abort-yes").addEventListener("click", () => {
    dialog.close();
    send("abort");
  });
  for (const id of ["start", "skip"]) byId(id).addEventListener("click", () => send(byId(id).dataset.verb));
  byId("resume").addEventListener("click", async () => {
    const answer = await send("resume");
    if (answer.state === "accepted") hold = null;
    render();
  });
  byId("take").addEventListener("click", () => send(view.operator === name() ? "release_control" : "take_control"));
  input.addEventListener("input", render);

  return {
    operator: name,
    linkSilent(value) {
      silent = value;
      render();
    },
    update(state) {
      view = state;
      const later = state.commands?.find((command) => command.id === hold?.id);
      if (later && hold) Object.assign(hold, { state: later.state, reason: later.reason });
      // Once the vehicle has held, what it does next is its own news.
      if (hold?.state === "accepted" && holding()) hold = null;
      render();
    },
  };
}

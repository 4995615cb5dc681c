// The contact list and the sheet of one contact.
const SIDES = { P: "port", S: "starboard" };
const size = (c) => `${c.size_m[0].toFixed(2)} × ${c.size_m[1].toFixed(2)} m`;
const height = (c) => (c.height_m === null ? "height not measured" : `${(c.height_m * 100).toFixed(0)} cm high`);
const kindText = (kind) => kind.replaceAll("_", " ");

function element(tag, text) {
  const node = document.createElement(tag);
  node.textContent = text;
  return node;
}

export function createContacts(ship, onChoose) {
  const list = document.getElementById("contacts");
  const dialog = document.getElementById("contact-dialog");
  const items = new Map();
  let known = [];
  document.getElementById("contact-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => onChoose(null));

  function open(number) {
    const c = known.find((one) => one.number === number);
    if (!c) return;
    onChoose(number);
    document.getElementById("contact-name").textContent = `${c.name} · ${kindText(c.kind)}`;
    const crop = document.getElementById("contact-crop");
    crop.src = `/${c.crop}`;
    crop.alt = `Picture of contact ${c.name}`;
    const facts = [
      ["Where", `${SIDES[c.side]}, frame ${c.frame.toFixed(1)}, ${c.depth_m.toFixed(2)} m deep`],
      ["Ship x, girth", `${c.x_m.toFixed(2)} m, ${c.s_m.toFixed(2)} m (± ${c.position_std_m.toFixed(2)} m)`],
      ["Size", size(c)],
      ["Height", height(c)],
      ["Confidence", `${Math.round(c.confidence * 100)} %`],
      ["Seen", `in ${c.hits} of ${c.frames} pictures`],
      ["Revision", `${c.revision}, ${c.utc}`],
    ];
    document.getElementById("contact-facts").replaceChildren(...facts.flatMap(([k, v]) => [element("dt", k), element("dd", v)]));
    document.getElementById("contact-evidence").textContent = c.evidence;
    if (!dialog.open) dialog.showModal();
  }

  function item(c) {
    const row = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    const image = document.createElement("img");
    image.src = `/${c.crop}`;
    image.alt = "";
    button.append(
      image,
      element("b", `${c.name} · ${kindText(c.kind)}`),
      element("span", `${SIDES[c.side]}, frame ${c.frame.toFixed(1)}, ${c.depth_m.toFixed(2)} m deep`),
      element("span", `${size(c)}, ${height(c)}`),
      element("span", `confidence ${Math.round(c.confidence * 100)} %, in ${c.hits} of ${c.frames} pictures`),
    );
    button.addEventListener("click", () => open(c.number));
    row.append(button);
    return row;
  }

  return {
    open,
    update(contacts, coverage) {
      if (!contacts) return;
      known = contacts;
      for (const c of contacts) {
        const before = items.get(c.number);
        if (before?.revision === c.revision) continue;
        const row = item(c);
        if (before) before.row.replaceWith(row);
        else list.append(row);
        items.set(c.number, { revision: c.revision, row });
      }
      document.getElementById("contact-count").textContent = String(contacts.length);
      const note = contacts.length || !coverage ? "" : `${coverage.statement}. What was not inspected may hold anything.`;
      document.getElementById("no-contacts").textContent = note;
    },
  };
}

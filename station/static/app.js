// Entry: keeps the newest of every section, and gives each panel what it needs when it changed.
import { connect } from "./live.js";
import { createControl } from "./control.js";
import { createMap } from "./map.js";
import { createContacts } from "./contacts.js";
import { renderAlerts, renderFooter, renderSurvey, renderTelemetry } from "./panels.js";
import { createPicture } from "./picture.js";

const byId = (id) => document.getElementById(id);
const state = {};

function initTheme() {
  const button = byId("theme");
  const apply = (theme) => {
    document.documentElement.dataset.theme = theme;
    button.setAttribute("aria-pressed", String(theme === "day"));
    button.textContent = theme === "day" ? "Night" : "Daylight";
    localStorage.setItem("theme", theme);
    window.dispatchEvent(new Event("themechange"));
  };
  button.addEventListener("click", () => apply(document.documentElement.dataset.theme === "day" ? "night" : "day"));
  apply(localStorage.getItem("theme") === "day" ? "day" : "night");
}

async function loadShip() {
  for (;;) {
    try {
      const answer = await fetch("/api/ship");
      if (answer.ok) return await answer.json();
    } catch { /* the station is not up yet: ask again below */ }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

function renderLink(silentS) {
  const bad = silentS > 1.5;
  document.body.classList.toggle("disconnected", bad);
  const pill = byId("link");
  const text = bad ? `station silent for ${Math.floor(silentS)} s` : state.streams?.vehicle_state?.stale ? "vehicle silent" : "live";
  if (pill.textContent !== text) pill.textContent = text;
  pill.className = `pill ${text === "live" ? "good" : "bad"}`;
}

async function main() {
  initTheme();
  const ship = await loadShip();
  byId("vessel").textContent = ship.vessel.name;
  byId("survey").textContent = `${ship.mission} · ${ship.survey_id}`;
  document.title = `${ship.vessel.name} – hullscan`;
  const contacts = createContacts(ship, (number) => map.choose(number));
  const map = createMap(ship, (number) => contacts.open(number));
  const picture = createPicture();
  const control = createControl();

  const link = connect({
    onOpen: () => map.reset(),
    onPicture: (blob) => picture.show(blob),
    onSections: (sections) => {
      Object.assign(state, sections);
      if (sections.time) byId("utc").textContent = `${state.time.utc.slice(11, 19)} UTC`;
      if (sections.alerts) renderAlerts(state.alerts);
      if (sections.coverage || sections.mission) renderSurvey(state);
      if (sections.contacts || sections.coverage) contacts.update(state.contacts, state.coverage);
      if (sections.cells) map.addCells(sections.cells);
      if (sections.processes || sections.records) renderFooter(state);
      if (sections.vehicle || sections.streams) renderTelemetry(state, ship);
      control.update(state);
      map.update(state);
    },
  }, () => control.operator());

  setInterval(() => {
    const silent = link.silentS();
    renderLink(silent);
    picture.age(state.streams?.preview, silent, state.picture);
    control.linkSilent(silent > 1.5);
  }, 200);
}

main();

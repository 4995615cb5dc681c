// Panels that only show: alerts, mission progress, telemetry, processes. Text goes in as text, never as markup.
const byId = (id) => document.getElementById(id);

function element(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

export function renderAlerts(alerts) {
  byId("alerts").replaceChildren(...alerts.slice(0, 4).map((alert) => {
    const row = element("p", `${alert.severity === "info" ? "" : `${alert.severity.toUpperCase()}: `}${alert.text}`, alert.severity);
    row.append(element("small", `${alert.source} · ${alert.code}`));
    return row;
  }), ...(alerts.length > 4 ? [element("p", `and ${alerts.length - 4} more`, "info")] : []));
}

export function renderSurvey({ coverage, mission }) {
  if (coverage) {
    byId("statement").textContent = coverage.statement;
    const share = (m2) => (coverage.planned_m2 > 0 ? (100 * m2) / coverage.planned_m2 : 0);
    const bar = byId("progress");
    bar.setAttribute("aria-valuenow", String(Math.floor(share(coverage.inspected_m2))));
    bar.querySelector(".ok").style.width = `${share(coverage.inspected_m2)}%`;
    bar.querySelector(".poor").style.width = `${share(coverage.seen_poor_m2)}%`;
    const why = coverage.reasons.slice(0, 3).map(([reason, m2]) => `${m2.toFixed(1)} m² ${reason}`).join(", ");
    byId("task").textContent =
      `${coverage.inspected_m2.toFixed(1)} of ${coverage.planned_m2.toFixed(1)} m² inspected${why ? ` · not inspected: ${why}` : ""}`;
  }
  const phase = byId("phase");
  if (!mission) return;
  const task = mission.task_count ? ` · task ${Math.min(mission.task_index + 1, mission.task_count)} of ${mission.task_count}` : "";
  phase.textContent = mission.ended
    ? `${mission.ended}${mission.detail ? `: ${mission.detail}` : ""}`
    : `${mission.phase}${task}${mission.task ? ` · ${mission.task}` : ""}`;
  phase.className = `pill ${mission.ended === "aborted" || mission.ended === "failed" ? "bad" : "good"}`;
}

function cell(label, value, unit, level) {
  const box = element("div", undefined, level);
  const dd = element("dd", value);
  if (unit) dd.append(element("small", ` ${unit}`));
  box.append(element("dt", label), dd);
  return box;
}

const ageText = (age) => (age >= 60 ? "> 1 min" : age.toFixed(1));
const ageLevel = (age) => (age > 3 ? "bad" : age > 1 ? "warn" : "");

export function renderTelemetry({ vehicle, streams }, ship) {
  const box = byId("telemetry");
  if (!vehicle) {
    box.replaceChildren(cell("Vehicle", "not heard", ""));
    return;
  }
  const pose = vehicle.pose;
  const stream = streams?.vehicle_state;
  box.parentElement.classList.toggle("stale-data", Boolean(stream?.stale));
  const frame = pose ? (pose.x_m / ship.hull.frame_spacing_m).toFixed(1) : "–";
  box.replaceChildren(
    cell("Depth", vehicle.depth_m.toFixed(2), "m"),
    cell("Stand-off", pose ? pose.standoff_m.toFixed(2) : "no hull", pose ? "m" : "", pose ? "" : "warn"),
    cell("Angle to hull", pose ? `${pose.yaw_off_deg > 0 ? "+" : ""}${pose.yaw_off_deg.toFixed(0)}°` : "–", ""),
    cell("Along hull", vehicle.along_mps.toFixed(2), "m/s"),
    cell(pose ? `Frame ${pose.side === "P" ? "port" : "stbd"}` : "Frame", frame, pose ? `±${pose.x_std_m.toFixed(1)} m` : ""),
    cell("Battery", `${vehicle.battery_percent} %`, `${vehicle.battery_v.toFixed(1)} V`, vehicle.battery_percent < 20 ? "bad" : vehicle.battery_percent < 35 ? "warn" : ""),
    cell("DVL", vehicle.dvl_age_s < 1 ? "valid" : "lost", `${ageText(vehicle.dvl_age_s)} s`, ageLevel(vehicle.dvl_age_s)),
    cell("Range", vehicle.range_age_s < 1 ? "valid" : "lost", `${ageText(vehicle.range_age_s)} s`, ageLevel(vehicle.range_age_s)),
    cell("Autopilot link", ageText(vehicle.link_age_s), "s", ageLevel(vehicle.link_age_s - 1)),
    cell("Vehicle data", stream?.age_s === null || stream?.age_s === undefined ? "–" : ageText(stream.age_s), "s old", stream?.stale ? "bad" : ""),
    cell("Doing", vehicle.control, ""),
    cell("Safety", vehicle.leak ? "LEAK" : vehicle.ladder, vehicle.armed ? "armed" : "disarmed", vehicle.leak ? "bad" : vehicle.ladder === "ok" ? "" : "warn"),
  );
}

export function renderFooter({ processes, records }) {
  byId("processes").replaceChildren(...(processes ?? []).map((process) => {
    const row = element("li", process.stale ? `${process.name} silent` : `${process.name} ${process.p99_ms.toFixed(1)} ms`, process.stale ? "stale" : "");
    row.title = `pid ${process.pid}, ${process.ticks} ticks, 99 % of ticks within ${process.p99_ms} ms`;
    return row;
  }));
  if (!records) return;
  const parts = [];
  if (records.log_mb !== null) parts.push(`log ${records.log_mb.toFixed(1)} MB, ${records.disk_free_gb.toFixed(0)} GB free`);
  const missing = records.missing_findings + records.missing_coverage;
  parts.push(missing ? `${missing} messages missing, asking again` : "no messages missing");
  byId("records").textContent = parts.join(" · ");
}

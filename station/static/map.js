// The unrolled hull on two canvases: the whole side, and the chosen zone close up. Seen from outside:
// on starboard the bow is to the right, on port to the left, as in the picture.
const CELL_M = 0.1;
const SIDES = { P: "Port side", S: "Starboard side" };

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function palette() {
  const names = ["accent", "poor", "planned", "water", "steel", "line", "dim", "text", "contact", "trail"];
  return Object.fromEntries(names.map((name) => [name, color(`--${name}`)]));
}

// Isotropic transform of (x, s) metres to pixels that fits `box` = {x0, x1, s0, s1} into the canvas.
function fit(box, width, height, side, pad) {
  const scale = Math.min((width - pad.left - pad.right) / (box.x1 - box.x0), (height - pad.top - pad.bottom) / (box.s1 - box.s0));
  const left = pad.left + (width - pad.left - pad.right - scale * (box.x1 - box.x0)) / 2;
  const bottom = height - pad.bottom - (height - pad.top - pad.bottom - scale * (box.s1 - box.s0)) / 2;
  const x = side === "P" ? (v) => left + (box.x1 - v) * scale : (v) => left + (v - box.x0) * scale;
  return { x, s: (v) => bottom - (v - box.s0) * scale, scale, box, side, width, height };
}

function path(context, points, t) {
  context.beginPath();
  points.forEach(([x, s], i) => (i ? context.lineTo(t.x(x), t.s(s)) : context.moveTo(t.x(x), t.s(s))));
}

function drawHull(context, t, hull, colors, labels) {
  const sheer = hull.x.map((x, i) => [x, hull.sheer[i]]);
  path(context, [[hull.x[0], 0], ...sheer, [hull.x[hull.x.length - 1], 0]], t);
  context.closePath();
  context.fillStyle = colors.steel;
  context.fill();
  context.strokeStyle = colors.line;
  context.lineWidth = 1.2;
  context.stroke();
  context.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  for (const contour of hull.contours) {
    const points = hull.x.map((x, i) => [x, contour.s[i]]).filter(([, s]) => s !== null);
    if (points.length < 2) continue;
    path(context, points, t);
    context.setLineDash(contour.depth_m === 0 ? [] : [3, 4]);
    context.strokeStyle = contour.depth_m === 0 ? colors.trail : colors.line;
    context.lineWidth = 1;
    context.stroke();
    context.setLineDash([]);
    if (!labels) continue;
    const middle = points.reduce((a, b) => (Math.abs(b[0] - labels.x) < Math.abs(a[0] - labels.x) ? b : a));
    context.fillStyle = contour.depth_m === 0 ? colors.trail : colors.dim;
    context.textAlign = "left";
    context.fillText(contour.depth_m === 0 ? "waterline" : `${contour.depth_m} m`, 6, t.s(middle[1]) - 3);
  }
}

function drawFittings(context, t, hull, colors) {
  context.strokeStyle = colors.dim;
  context.globalAlpha = 0.7;
  context.lineWidth = 1;
  for (const f of hull.fittings) {
    if (f.side !== t.side) continue;
    const w = Math.max(f.length * t.scale, 2);
    const h = Math.max(f.width * t.scale, 1.5);
    context.strokeRect(t.x(f.x) - w / 2, t.s(f.s) - h / 2, w, h);
  }
  context.globalAlpha = 1;
}

function drawCells(context, t, cells, colors) {
  const size = Math.max(CELL_M * t.scale, 1);
  const gap = size > 4 ? 0.6 : 0;
  for (const cell of cells.values()) {
    if (cell.side !== t.side) continue;
    const x = t.x((cell.col + (t.side === "P" ? 1 : 0)) * CELL_M);
    const y = t.s((cell.row + 1) * CELL_M);
    if (cell.inspected) {
      context.fillStyle = colors.accent;
      context.fillRect(x, y, size - gap, size - gap);
      continue;
    }
    context.fillStyle = colors.poor;
    context.globalAlpha = 0.8;
    context.fillRect(x, y, size - gap, size - gap);
    context.globalAlpha = 1;
    if (size < 4) continue;
    context.strokeStyle = colors.steel;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, y + size - gap);
    context.lineTo(x + size - gap, y);
    context.stroke();
  }
}

function drawFrames(context, t, hull, colors) {
  const step = hull.frame_spacing_m * t.scale * 5 > 34 ? 5 : hull.frame_spacing_m * t.scale * 10 > 34 ? 10 : 20;
  const y = t.height - 5;
  context.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  context.textAlign = "center";
  const first = Math.ceil(Math.max(t.box.x0, hull.x[0]) / hull.frame_spacing_m / step) * step;
  for (let frame = first; frame * hull.frame_spacing_m <= Math.min(t.box.x1, hull.x[hull.x.length - 1]); frame += step) {
    const x = t.x(frame * hull.frame_spacing_m);
    context.fillStyle = colors.dim;
    context.fillText(`${frame}`, x, y);
    context.fillStyle = colors.line;
    context.fillRect(x, y - 17, 1, 5);
  }
}

function drawVehicle(context, t, state, trail, colors, small) {
  const pose = state.vehicle?.pose;
  const stale = state.streams?.vehicle_state?.stale ?? true;
  const points = trail.filter((p) => p.side === t.side).map((p) => [p.x, p.s]);
  if (points.length > 1) {
    path(context, points, t);
    context.strokeStyle = colors.trail;
    context.globalAlpha = 0.55;
    context.lineWidth = small ? 1 : 1.6;
    context.stroke();
    context.globalAlpha = 1;
  }
  if (!pose || pose.side !== t.side) return;
  const [x, y] = [t.x(pose.x_m), t.s(pose.s_m)];
  const ink = stale ? colors.dim : colors.trail;
  context.strokeStyle = context.fillStyle = ink;
  context.lineWidth = 2;
  if (small) {
    context.beginPath();
    context.arc(x, y, 4, 0, 7);
    context.fill();
    return;
  }
  const prints = state.picture?.footprint;
  if (!stale && prints?.length > 2 && state.picture.side === t.side) {
    path(context, prints, t);
    context.closePath();
    context.setLineDash([4, 3]);
    context.lineWidth = 1.2;
    context.stroke();
    context.setLineDash([]);
  }
  const spread = Math.max(pose.x_std_m * t.scale, 0);
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x - spread, y);
  context.lineTo(x + spread, y);
  context.stroke();
  const angle = (pose.yaw_off_deg * Math.PI) / 180;
  context.save();
  context.translate(x, y);
  context.rotate(angle);
  context.beginPath();
  context.moveTo(0, -16);
  context.lineTo(9, 9);
  context.lineTo(0, 4);
  context.lineTo(-9, 9);
  context.closePath();
  context.fillStyle = stale ? "transparent" : colors.text;
  context.fill();
  context.stroke();
  context.restore();
  const label = `${pose.standoff_m.toFixed(2)} m · ${pose.yaw_off_deg > 0 ? "+" : ""}${pose.yaw_off_deg.toFixed(0)}°${stale ? " · old" : ""}`;
  context.font = "600 12px system-ui, 'DejaVu Sans', sans-serif";
  const w = context.measureText(label).width + 10;
  const lx = Math.min(Math.max(x - w / 2, 2), t.width - w - 2);
  context.fillStyle = colors.steel;
  context.fillRect(lx, y + 14, w, 18);
  context.fillStyle = ink;
  context.textAlign = "left";
  context.fillText(label, lx + 5, y + 27);
}

export function createMap(ship, onOpen) {
  const hull = ship.hull;
  const cells = new Map();
  const trail = [];
  const markers = new Map();
  let state = {};
  let chosen = null;
  let colors = palette();
  let pending = false;
  const views = hull.zones.length ? hull.zones : [{ name: "whole side", side: hull.sides[0], points: hull.x.map((x, i) => [x, hull.sheer[i]]) }];
  let active = views[0];
  const detail = document.getElementById("detail");
  const overview = document.getElementById("overview");

  const bounds = (zone) => {
    const xs = zone.points.map((p) => p[0]);
    const ss = zone.points.map((p) => p[1]);
    return { x0: Math.min(...xs) - 0.8, x1: Math.max(...xs) + 0.8, s0: Math.max(Math.min(...ss) - 0.5, -0.2), s1: Math.max(...ss) + 0.7 };
  };
  const whole = () => ({ x0: hull.x[0] - 0.5, x1: hull.x[hull.x.length - 1] + 0.5, s0: 0, s1: Math.max(...hull.sheer) });

  function canvasOf(box) {
    const canvas = box.querySelector("canvas");
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [box.clientWidth, box.clientHeight];
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return { context, width, height };
  }

  function drawZones(context, t, fill) {
    for (const zone of hull.zones) {
      if (zone.side !== t.side) continue;
      path(context, zone.points, t);
      context.closePath();
      if (fill) {
        context.fillStyle = colors.planned;
        context.fill();
      } else {
        context.strokeStyle = zone === active ? colors.text : colors.dim;
        context.lineWidth = 1.4;
        context.setLineDash([6, 4]);
        context.stroke();
        context.setLineDash([]);
      }
    }
  }

  function placeMarkers(t) {
    for (const c of state.contacts ?? []) {
      let button = markers.get(c.number);
      if (!button) {
        button = document.createElement("button");
        button.type = "button";
        button.className = "marker";
        button.textContent = String(c.number);
        button.addEventListener("click", () => onOpen(c.number));
        detail.append(button);
        markers.set(c.number, button);
      }
      button.setAttribute("aria-label", `Contact ${c.name}, ${c.kind.replaceAll("_", " ")}`);
      const [x, y] = [t.x(c.x_m), t.s(c.s_m)];
      button.hidden = c.side !== t.side || x < 0 || y < 0 || x > t.width || y > t.height;
      button.style.left = `${x}px`;
      button.style.top = `${y}px`;
      button.classList.toggle("chosen", c.number === chosen);
    }
  }

  function draw() {
    pending = false;
    document.getElementById("map-title").textContent = SIDES[active.side];
    for (const [box, bound, pad] of [
      [detail, bounds(active), { left: 64, right: 12, top: 8, bottom: 24 }],
      [overview, whole(), { left: 64, right: 12, top: 6, bottom: 22 }],
    ]) {
      const { context, width, height } = canvasOf(box);
      const t = fit(bound, width, height, active.side, pad);
      const small = box === overview;
      drawHull(context, t, hull, colors, small ? null : { x: (bound.x0 + bound.x1) / 2 });
      drawZones(context, t, true);
      drawCells(context, t, cells, colors);
      drawFittings(context, t, hull, colors);
      drawZones(context, t, false);
      drawVehicle(context, t, state, trail, colors, small);
      drawFrames(context, t, hull, colors);
      context.fillStyle = colors.dim;
      context.textAlign = "left";
      context.fillText("frame", 6, height - 5);
      if (small) {
        context.font = "600 11px system-ui, 'DejaVu Sans', sans-serif";
        context.fillText(active.side === "P" ? "◂ bow" : "stern", 6, height / 2);
        context.textAlign = "right";
        context.fillText(active.side === "P" ? "stern" : "bow ▸", width - 8, height / 2);
        for (const c of state.contacts ?? []) {
          if (c.side !== active.side) continue;
          context.fillStyle = colors.contact;
          context.beginPath();
          context.arc(t.x(c.x_m), t.s(c.s_m), 4.5, 0, 7);
          context.fill();
        }
      } else placeMarkers(t);
    }
  }

  function later() {
    if (!pending) {
      pending = true;
      requestAnimationFrame(draw);
    }
  }

  const tabs = document.getElementById("zones");
  tabs.hidden = views.length < 2;
  tabs.replaceChildren(...views.map((zone) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = zone.name;
    button.setAttribute("aria-pressed", String(zone === active));
    button.addEventListener("click", () => {
      active = zone;
      for (const other of tabs.children) other.setAttribute("aria-pressed", String(other === button));
      later();
    });
    return button;
  }));
  new ResizeObserver(later).observe(detail);
  window.addEventListener("themechange", () => {
    colors = palette();
    later();
  });

  return {
    reset() {
      cells.clear();
      later();
    },
    addCells(list) {
      for (const [side, col, row, inspected, reason] of list) cells.set(`${side}${col},${row}`, { side, col, row, inspected, reason });
      later();
    },
    choose(number) {
      chosen = number;
      later();
    },
    update(next) {
      state = next;
      const pose = state.vehicle?.pose;
      const last = trail[trail.length - 1];
      if (pose && (!last || last.side !== pose.side || Math.hypot(last.x - pose.x_m, last.s - pose.s_m) > 0.05)) {
        trail.push({ side: pose.side, x: pose.x_m, s: pose.s_m });
        if (trail.length > 2000) trail.shift();
      }
      later();
    },
  };
}

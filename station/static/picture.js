// The live picture and how old it is.
const OLD_S = 3;

export function createPicture() {
  const card = document.querySelector(".picture");
  const image = document.getElementById("preview");
  const badge = document.getElementById("picture-age");
  const notice = document.getElementById("no-picture");
  const note = document.getElementById("picture-note");
  let url = null;

  return {
    show(blob) {
      const next = URL.createObjectURL(new Blob([blob], { type: "image/jpeg" }));
      image.src = next;
      image.hidden = false;
      if (url) URL.revokeObjectURL(url);
      url = next;
    },
    age(stream, silentS, report) {
      const heard = stream?.age_s;
      const never = heard === null || heard === undefined;
      const age = never ? null : heard + (silentS > 1 ? silentS : 0);
      const old = !never && age >= OLD_S;
      card.classList.toggle("old", old);
      notice.hidden = !(never || old);
      if (!notice.hidden) notice.textContent = never ? "no picture yet" : `no picture for ${Math.floor(age)} s`;
      badge.textContent = never ? "–" : `${age.toFixed(1)} s old`;
      badge.classList.toggle("stale", never || stream.stale || silentS > 1);
      note.hidden = !report || report.usable || never || old;
      if (!note.hidden) note.textContent = `not usable: ${report.reason}`;
    },
  };
}

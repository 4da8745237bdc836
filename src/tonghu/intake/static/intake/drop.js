// A file is dropped or chosen; the upload says how far it is, and a refusal stands beside the file. Without this script
// the form posts as any other.
const form = document.querySelector("[data-upload]");
if (form) watch(form);

function watch(form) {
  const zone = form.querySelector("[data-drop-zone]");
  const input = form.querySelector("input[type=file]");
  const act = form.querySelector("[data-drop-act]");
  const inside = (event) => { event.preventDefault(); zone.classList.add("is-over"); };
  const outside = () => zone.classList.remove("is-over");
  zone.addEventListener("dragenter", inside);
  zone.addEventListener("dragover", inside);
  zone.addEventListener("dragleave", outside);
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    outside();
    if (event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      chosen(form, zone, input);
      act.focus();
    }
  });
  input.addEventListener("change", () => chosen(form, zone, input));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (tooLarge(form, input.files[0])) chosen(form, zone, input);  // said once more, and not sent: it would be let go by
    else send(form, input, act);
  });
}

function chosen(form, zone, input) {
  const file = input.files[0];
  const name = zone.querySelector("[data-drop-name]");
  zone.classList.toggle("has-file", Boolean(file));
  name.hidden = !file;
  name.textContent = file ? `${file.name} · ${(file.size / 1048576).toFixed(1)} MB` : "";
  refuse(form, tooLarge(form, file) ? form.dataset.tooLarge : "");
}

function tooLarge(form, file) {
  return Boolean(file) && file.size > Number(form.dataset.limit) * 1048576;
}

function refuse(form, said) {
  const place = form.querySelector("[data-drop-error]");
  place.hidden = !said;
  place.querySelector("p").textContent = said;
}

function send(form, input, act) {
  const bar = form.querySelector("[data-drop-progress]");
  const request = new XMLHttpRequest();
  const ended = (said) => {
    act.disabled = false;
    bar.hidden = true;
    if (said) refuse(form, said);
  };
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => {
    const percent = event.lengthComputable ? Math.floor((event.loaded * 100) / event.total) : 0;
    bar.querySelector("progress").value = percent;
    bar.querySelector("[data-drop-percent]").textContent = `${percent}%`;
  });
  request.addEventListener("load", () => {
    const said = request.response || {};
    if (said.to) location.assign(said.to);
    else if (said.refused) ended(said.refused);
    else if (said.title) ended(said.title + form.dataset.again);  // a part of the site is away
    else if (request.responseURL && new URL(request.responseURL).pathname === form.dataset.login) {
      ended("");  // logged out meanwhile: whoever logs in beside this page need not choose the file again
      form.querySelector("[data-drop-over]").hidden = false;
    }
    else ended(request.status === 413 ? form.dataset.tooLarge : form.dataset.failed);
  });
  request.addEventListener("error", () => ended(form.dataset.lost));
  request.addEventListener("abort", () => ended(""));
  refuse(form, "");
  form.querySelector("[data-drop-over]").hidden = true;
  act.disabled = true;
  bar.hidden = false;
  const body = new FormData(form);
  const fresh = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  if (fresh) {  // the form's own token is over once somebody has logged in anew
    body.delete("csrfmiddlewaretoken");
    request.setRequestHeader("X-CSRFToken", fresh[1]);
  }
  request.send(body);
}

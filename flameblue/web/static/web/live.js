// What a live page needs beside htmx: to say when it is not live, and to sound for what nobody has taken.
// The server decides what rings (data-rings holds the number of the event that asked for it).
(function () {
  "use strict";
  var LOST_AFTER_MS = 4200; // the line beats every 2 s; with the look each quarter of a second it is said within 5 s
  var RING_EVERY_MS = 20000;
  var CLOCK_SET_MS = 5000; // more is no slow beat: one of the two clocks was set

  // What scrolls sideways is reached by the keyboard too; what does not is no stop on the way.
  function reach() {
    document.querySelectorAll(".table, .chart-scroll").forEach(function (box) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
  }
  addEventListener("resize", reach);
  document.addEventListener("htmx:afterSwap", reach);
  reach();

  // On a phone the menu scrolls: where one is, is in sight.
  var here = document.querySelector(".bar nav [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - (here.parentElement.clientWidth - here.offsetWidth) / 2;

  var live = document.getElementById("live");
  if (!live) return;

  var state = document.getElementById("live-state");
  var lastBeat = Date.now();
  function showState() {
    var isLost = Date.now() - lastBeat > LOST_AFTER_MS;
    var text = isLost ? state.dataset.lost : state.dataset.live;
    if (state.textContent !== text) state.textContent = text;
    state.classList.toggle("lost", isLost);
  }
  // A beat that was long on its way makes the server seem to lag: the quickest one tells best, and no count-down rises.
  function setAhead(ms) {
    var known = Number(live.dataset.serverAheadMs);
    if (live.dataset.serverAheadMs === undefined || ms > known || known - ms > CLOCK_SET_MS) live.dataset.serverAheadMs = ms;
  }
  live.addEventListener("htmx:sseOpen", function (event) {
    lastBeat = Date.now();
    event.detail.source.addEventListener("beat", function (beat) {
      lastBeat = Date.now();
      if (beat.data) setAhead(Number(beat.data) - lastBeat);
      showState();
    });
    showState();
  });
  setInterval(showState, 250);
  window.addEventListener("offline", function () {
    lastBeat = 0;
    showState();
  });

  // Ages and what is left of a time go on between two messages; without a script they stand as they were sent.
  function clock(seconds) {
    var minutes = Math.floor(seconds / 60);
    var two = function (number) { return String(number).padStart(2, "0"); };
    if (minutes < 60) return two(minutes) + ":" + two(seconds % 60);
    return Math.floor(minutes / 60) + ":" + two(minutes % 60) + ":" + two(seconds % 60);
  }
  function tick() {
    var now = Date.now() + Number(live.dataset.serverAheadMs || 0);
    document.querySelectorAll("time[data-until], time[data-since]").forEach(function (time) {
      var at = Date.parse(time.dateTime);
      var seconds = Math.floor((time.hasAttribute("data-until") ? at - now : now - at) / 1000); // as the server rounds
      if (seconds >= 86400) return;
      var text = clock(Math.max(0, seconds));
      if (time.textContent !== text) time.textContent = text;
    });
  }
  setInterval(tick, 250);
  document.addEventListener("htmx:afterSwap", tick);
  tick();

  var button = document.getElementById("sound");
  if (!button || !window.AudioContext) return;
  var audio = null;
  var isMuted = false; // by somebody's wish
  var heard = {};
  var rangAt = 0;
  function isOn() {
    return audio !== null && audio.state === "running";
  }
  // What the board's beat says: a line that is lost can't ring either.
  function tellSound() {
    var rings = isOn() && !state.classList.contains("lost");
    var told = rings ? "sounding" : isMuted ? "muted" : "blocked";
    live.dispatchEvent(new CustomEvent("flameblue:sound", { detail: told }));
  }
  function showSound() {
    tellSound();
    button.hidden = false;
    button.textContent = isOn() ? button.dataset.on : button.dataset.off;
    button.classList.toggle("off", !isOn());
  }
  function switchOn() {
    if (audio === null) {
      audio = new AudioContext();
      audio.onstatechange = showSound;
    }
    audio.resume().then(showSound, showSound);
  }
  function tone(frequency, start, length) {
    var source = audio.createOscillator();
    var gain = audio.createGain();
    source.type = "square";
    source.frequency.value = frequency;
    gain.gain.setValueAtTime(0.15, start);
    gain.gain.exponentialRampToValueAtTime(0.001, start + length);
    source.connect(gain).connect(audio.destination);
    source.start(start);
    source.stop(start + length);
  }
  function ring() {
    var start = audio.currentTime;
    for (var i = 0; i < 3; i += 1) {
      tone(880, start + i * 0.5, 0.24);
      tone(660, start + i * 0.5 + 0.25, 0.24);
    }
    rangAt = Date.now();
  }
  function listen() {
    var rows = live.querySelectorAll("[data-rings]");
    var isNew = false;
    rows.forEach(function (row) {
      if (!heard[row.dataset.rings]) isNew = true;
    });
    document.title = (rows.length ? "● " : "") + document.title.replace(/^● /, "");
    if (!rows.length || !isOn()) return;
    if (isNew || Date.now() - rangAt > RING_EVERY_MS) ring();
    rows.forEach(function (row) {
      heard[row.dataset.rings] = true;
    });
  }
  button.addEventListener("click", function () {
    isMuted = isOn();
    if (isMuted) audio.suspend().then(showSound);
    else switchOn();
  });
  // The browser lets us sound from the first gesture on, whatever it was meant for.
  ["pointerdown", "keydown"].forEach(function (gesture) {
    document.addEventListener(gesture, function (event) {
      if (!isOn() && !isMuted && event.target !== button) switchOn();
    });
  });
  live.addEventListener("htmx:sseMessage", listen);
  setInterval(listen, 2000);
  setInterval(tellSound, 1000);
  switchOn();
  showSound();
})();

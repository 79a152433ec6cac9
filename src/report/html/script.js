"use strict";
(function () {
  // The page is complete without this: it adds a search over the checklist and the events, and opens what is folded.
  var tools = document.getElementById("tools");
  var search = document.getElementById("search");
  tools.hidden = false;
  var rows = Array.prototype.slice.call(document.querySelectorAll(".finding, #events tbody tr"));
  search.addEventListener("input", function () {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach(function (row) {
      var text = row.textContent.toLowerCase();
      row.hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
    });
  });
  function open(all) {
    document.querySelectorAll("details").forEach(function (d) { d.open = all; });
  }
  document.getElementById("open").addEventListener("click", function () { open(true); });
  document.getElementById("close").addEventListener("click", function () { open(false); });
  window.addEventListener("beforeprint", function () { open(true); });
  document.addEventListener("keydown", function (e) {
    if (e.key === "/" && document.activeElement !== search) { e.preventDefault(); search.focus(); }
  });
  function reveal() {
    var target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    for (var d = target; d; d = d.parentElement) { if (d.tagName === "DETAILS") { d.open = true; } }
    if (target) { target.scrollIntoView({ block: "center" }); }
  }
  window.addEventListener("hashchange", reveal);
  reveal();
})();

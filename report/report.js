/* Filters the groups of mismatches by kind and by text. Without it all are shown. */
"use strict";
(function () {
	var bar = document.getElementById("filter");
	if (!bar)
		return;
	var kind = document.getElementById("filter-kind");
	var text = document.getElementById("filter-text");
	var count = document.getElementById("filter-count");
	var groups = Array.from(document.querySelectorAll(".group"));
	var texts = groups.map(function (group) {
		return group.textContent.toLowerCase();
	});

	function apply() {
		var wanted = text.value.toLowerCase();
		var shown = 0;
		groups.forEach(function (group, i) {
			var fits = (!kind.value || group.dataset.kind === kind.value) &&
				texts[i].includes(wanted);
			group.hidden = !fits;
			shown += fits ? 1 : 0;
		});
		count.textContent = shown + " of " + groups.length + " groups";
	}

	kind.addEventListener("change", apply);
	text.addEventListener("input", apply);
	bar.hidden = false;
	apply();
}());

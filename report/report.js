/*
 * Filters the findings; what is chosen stands in the address behind "#", so that a filtered page
 * can be sent to somebody. Opens what is closed for printing, and copies rules and commands.
 * Without this script all is shown.
 */
"use strict";
(function () {
	var form = document.getElementById("filter");
	var items = Array.from(document.querySelectorAll(".item"));
	var follows = Array.from(document.querySelectorAll(".follow"));
	var texts = null;
	var lists = ["kind", "verdict", "side", "table"];
	var names = lists.concat(["session", "text"]);

	function field(name) {
		return document.getElementById("filter-" + name);
	}

	function values(item, name) {
		return name === "table" ? item.dataset.tables.split("|") : [item.dataset[name]];
	}

	function fillLists() {
		var head = document.querySelectorAll("dl dd b");
		var sides = {truth: head[0], candidate: head[1]};

		lists.forEach(function (name) {
			var seen = new Set();
			items.forEach(function (item) {
				values(item, name).forEach(function (value) {
					if (value)
						seen.add(value);
				});
			});
			Array.from(seen).sort().forEach(function (value) {
				var side = name === "side" && sides[value];
				field(name).add(new Option(side ? side.textContent : value, value));
			});
		});
	}

	/* "1-3 7 +": a "+" says that there are others, so that none can be ruled out. */
	function hasSession(list, wanted) {
		return list.split(" ").some(function (range) {
			var ends = range.split("-").map(Number);
			return range === "+" || (range !== "" && wanted >= ends[0] &&
				wanted <= (ends.length > 1 ? ends[1] : ends[0]));
		});
	}

	function fits(item, i, wanted) {
		return lists.every(function (name) {
			return !wanted[name] || values(item, name).includes(wanted[name]);
		}) && (!wanted.session || hasSession(item.dataset.sessions, Number(wanted.session))) &&
			(!wanted.text || texts[i].includes(wanted.text.toLowerCase()));
	}

	function read() {
		var wanted = {};
		names.forEach(function (name) {
			if (field(name).value.trim())
				wanted[name] = field(name).value.trim();
		});
		return wanted;
	}

	function apply() {
		var wanted = read(), shown = 0;

		if (wanted.text && !texts)
			texts = items.map(function (item) {
				return item.textContent.toLowerCase();
			});
		items.forEach(function (item, i) {
			var ok = fits(item, i, wanted);
			if (item.hidden === ok)
				item.hidden = !ok;
			shown += ok ? 1 : 0;
		});
		foldFollowers(Object.keys(wanted).length > 0);
		document.getElementById("filter-count").textContent =
			shown + " of " + items.length + " findings";
	}

	/* What follows from a root cause is open while a filter may have hidden the root. */
	function foldFollowers(isFiltered) {
		follows.forEach(function (follow) {
			follow.hidden = !follow.querySelector(".item:not([hidden])");
			follow.open = isFiltered;
		});
	}

	function store() {
		var state = new URLSearchParams(read()).toString();
		history.replaceState(null, "", state ? "#" + state : location.pathname + location.search);
	}

	/* An address with "=" holds a filter, any other a place on the page. */
	function load() {
		var state = location.hash.slice(1);
		if (state && !state.includes("="))
			return open(state);
		var wanted = new URLSearchParams(state);
		names.forEach(function (name) {
			field(name).value = wanted.get(name) || "";
		});
		apply();
	}

	function open(id) {
		var target = document.getElementById(id);
		for (; target; target = target.parentElement)
			if (target.tagName === "DETAILS")
				target.open = true;
	}

	function changed() {
		apply();
		store();
	}

	function startFilter() {
		fillLists();
		form.addEventListener("input", changed);
		form.addEventListener("submit", function (event) {
			event.preventDefault();
		});
		form.addEventListener("reset", function () {
			setTimeout(changed);
		});
		window.addEventListener("hashchange", load);
		form.hidden = false;
		apply();
		load();
	}

	function copyText(pre, button) {
		var range = document.createRange();
		range.selectNodeContents(pre);
		getSelection().removeAllRanges();
		getSelection().addRange(range);
		button.textContent = document.execCommand("copy") ? "copied" : "selected";
	}

	function addCopyButton(pre) {
		var button = document.createElement("button");
		button.type = "button";
		button.className = "copy-button";
		button.textContent = "copy";
		button.addEventListener("click", function () {
			copyText(pre, button);
		});
		pre.before(button);
	}

	function addCopyButtons(group) {
		if (group.dataset.hasButtons)
			return;
		group.dataset.hasButtons = "1";
		group.querySelectorAll("pre.copy").forEach(addCopyButton);
	}

	document.querySelectorAll("details.group").forEach(function (group) {
		if (group.open)
			addCopyButtons(group);
		group.addEventListener("toggle", function () {
			addCopyButtons(group);
		});
	});
	window.addEventListener("beforeprint", function () {
		document.querySelectorAll("main details").forEach(function (group) {
			group.open = true;
		});
	});
	if (form)
		startFilter();
}());

/*<![CDATA[*/
"use strict";
(() => {
	const form = document.getElementById("filter");
	const shown = document.getElementById("shown");
	const point = document.getElementById("point");
	const filtered = Array.from(document.querySelectorAll(".f"));
	const names = ["cell", "tool", "category", "status"];
	const texts = new Map();

	/* The fragment is either the id of a card or the filter's state: "cell=asan&q=list". */
	function stateOf(hash) {
		return hash.includes("=") ? new URLSearchParams(hash.slice(1)) : null;
	}

	function textOf(element) {
		if (!texts.has(element))
			texts.set(element, element.textContent.toLowerCase());
		return texts.get(element);
	}

	function wanted(element, words, state) {
		for (const name of names) {
			const value = state.get(name);
			if (value && !(element.dataset[name] || "").includes("|" + value + "|"))
				return false;
		}
		return words.every((word) => textOf(element).includes(word));
	}

	function apply(state) {
		const words = (state.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
		const count = { card: [0, 0], failed: [0, 0] };
		for (const element of filtered) {
			const strip = element.classList.contains("strip");
			const yes = strip ? !state.get("cell") || wanted(element, [], new Map([["cell", state.get("cell")]]))
				: wanted(element, words, state);
			element.classList.toggle("off", !yes);
			if (!strip) {
				const sums = count[element.classList.contains("card") ? "card" : "failed"];
				sums[0] += yes;
				sums[1]++;
			}
		}
		if (!form)
			return;
		const some = [...state.values()].some(Boolean);
		const part = ([n, all], what) => all ? `${n} of ${all} ${what}` : "";
		shown.textContent = some ? [part(count.card, "defects"), part(count.failed, "failed tests")]
			.filter(Boolean).join(", ") : "";
		for (const field of form.elements)
			if (field.name)
				field.classList.toggle("on", field.value !== "");
	}

	function read() {
		const state = new URLSearchParams();
		for (const field of form ? form.elements : [])
			if (field.name && field.value)
				state.set(field.name, field.value);
		return state;
	}

	function changed() {
		const state = read();
		history.replaceState(null, "", state.toString() ? "#" + state : location.pathname + location.search);
		apply(state);
	}

	/* A card that is linked to is unfolded, whatever the filter says. Ids need no decoding. */
	function reveal(id) {
		const element = id && document.getElementById(id);
		if (!element)
			return;
		element.classList.remove("off");
		const details = element.querySelector("details");
		if (details && (element.matches(".card, .failed")))
			details.open = true;
		element.scrollIntoView();
	}

	function follow() {
		const state = stateOf(location.hash);
		if (state && form)
			for (const field of form.elements)
				if (field.name)
					field.value = state.get(field.name) || "";
		apply(state || read());
		if (!state && location.hash)
			reveal(location.hash.slice(1));
	}

	/* The square under the pointer, and the same unit in the other cells. */
	const strips = Array.from(document.querySelectorAll(".squares"));
	let same = [];

	function show(square) {
		for (const other of same)
			other.classList.remove("same");
		same = [];
		if (!square)
			return;
		const place = Array.prototype.indexOf.call(square.parentNode.children, square);
		const cell = square.closest(".strip").querySelector("h3").textContent;
		same = strips.map((strip) => strip.children[place]).filter(Boolean);
		for (const other of same)
			other.classList.add("same");
		point.textContent = square.title ? cell + ": " + square.title : "";
	}

	function squareOf(event) {
		const square = event.target.closest(".squares > *");
		return square && square.parentNode.classList.contains("squares") ? square : null;
	}

	function step(event) {
		const square = squareOf(event);
		const place = square && Array.prototype.indexOf.call(square.parentNode.children, square);
		const strip = square && strips.indexOf(square.parentNode);
		const to = square && {
			ArrowRight: square.nextElementSibling,
			ArrowLeft: square.previousElementSibling,
			ArrowDown: strips[strip + 1] && strips[strip + 1].children[place],
			ArrowUp: strips[strip - 1] && strips[strip - 1].children[place],
		}[event.key];
		if (!to)
			return;
		if (!to.href)
			to.tabIndex = -1;
		to.focus();
		event.preventDefault();
	}

	function copy(button) {
		const text = button.previousElementSibling.textContent;
		const done = (word) => {
			button.textContent = word;
			setTimeout(() => { button.textContent = "copy"; }, 1500);
		};
		const select = () => {
			const range = document.createRange();
			range.selectNodeContents(button.previousElementSibling);
			getSelection().removeAllRanges();
			getSelection().addRange(range);
			done(document.execCommand("copy") ? "copied" : "selected");
		};
		if (navigator.clipboard)
			navigator.clipboard.writeText(text).then(() => done("copied"), select);
		else
			select();
	}

	/* The explanation comes into a card when it is asked for there. */
	function explain(link) {
		const about = link.parentNode;
		const guide = document.getElementById(link.getAttribute("href").slice(1)).cloneNode(true);
		if (about.querySelector(".guide")) {
			about.querySelector(".guide").remove();
			return;
		}
		guide.removeAttribute("id");
		guide.querySelector("h3").remove();
		about.append(guide);
	}

	if (form) {
		form.hidden = false;
		let timer;
		form.addEventListener("input", (event) => {
			clearTimeout(timer);
			timer = setTimeout(changed, event.target.name === "q" ? 150 : 0);
		});
		form.addEventListener("reset", () => setTimeout(changed, 0));
		form.addEventListener("submit", (event) => { event.preventDefault(); changed(); });
	}
	for (const strip of strips) {
		strip.addEventListener("mouseover", (event) => show(squareOf(event)));
		strip.addEventListener("focusin", (event) => show(squareOf(event)));
		strip.addEventListener("click", (event) => show(squareOf(event)));
		strip.addEventListener("keydown", step);
	}
	document.addEventListener("click", (event) => {
		const button = event.target.closest("button.copy");
		if (button)
			copy(button);
		const link = event.target.closest("a[href^='#']");
		if (link && link.parentNode.classList.contains("about")) {
			event.preventDefault();
			explain(link);
		} else if (link && link.getAttribute("href") === location.hash) {
			reveal(location.hash.slice(1));
		}
	});
	for (const button of document.querySelectorAll("button.copy"))
		button.hidden = false;
	addEventListener("hashchange", follow);
	follow();
})();
/*]]>*/

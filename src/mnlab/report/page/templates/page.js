"use strict";
const mnlab = { data: JSON.parse(document.getElementById("data").textContent) };

"use strict";

/** That an answer took too long. */
class Late extends Error {}

/** What `promise` comes to, unless that takes longer: an answer that is late is none, whatever becomes of it. */
async function inTime(ms, whose, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Late(`${whose} has not answered in time`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

module.exports = { Late, inTime };

// What the page says, in English and in Amharic. {name} is filled in.

export const MESSAGES = {
  en: {
    title: "Amharic speech", language: "Language", text: "Text", keys: "Ctrl+Enter reads the text aloud.",
    voice: "Voice", speed: "Speed", key: "API key", speak: "Read aloud", pause: "Pause", resume: "Continue",
    stop: "Stop", download: "Download", read: "Show how it is read", reading: "How it is read",
    changes: "What the rules changed", written: "Written", said: "Read as", rule: "Rule", correction: "Correct it",
    words: "Words", word: "Word", phones: "Phones", lexicon: "My words", remove: "Remove", save: "Download my words",
    help: "Is a word read wrongly? Show how the text is read, write the word's pronunciation in Amharic letters or in " +
      "phones, and save it. Your words stay in this browser; download them to use them with amhctl speak --lexicon words.tsv.",
    synthetic: "The voice is synthetic. Label what you publish.",
    keep: "Save", pronunciation: "Pronunciation of {word}", removing: "Remove {word}",
    length: "{count} of {most} characters", preparing: "Preparing…", speaking: "Reading aloud.", paused: "Paused.",
    done: "Done: {seconds} s.", stopped: "Stopped.", kept: "Saved: {word}. The next reading uses it.",
    removed: "Removed: {word}.", shown: "{count} words.", unspoken: "Not read: {text}",
    findings: "Not understood: {text}",
    unreachable: "The server does not answer.", broken: "The speech broke off. Try again.",
    wanted: "This server needs an API key. Write it below the voice and try again.",
    busy: "The server is busy. Try again in {seconds} s.",
  },
  am: {
    title: "የአማርኛ ንግግር", language: "ቋንቋ", text: "ጽሑፍ", keys: "Ctrl+Enter ጽሑፉን ያነብባል።",
    voice: "ድምፅ", speed: "ፍጥነት", key: "የAPI ቁልፍ", speak: "አንብብ", pause: "ለአፍታ አቁም", resume: "ቀጥል",
    stop: "አቁም", download: "አውርድ", read: "አነባበቡን አሳይ", reading: "አነባበብ",
    changes: "ደንቦቹ የለወጡት", written: "የተጻፈው", said: "የሚነበበው", rule: "ደንብ", correction: "ያርሙ",
    words: "ቃላት", word: "ቃል", phones: "የድምፅ ምልክቶች", lexicon: "የእኔ ቃላት", remove: "አስወግድ", save: "ቃላቴን አውርድ",
    help: "በስህተት የሚነበብ ቃል አለ? አነባበቡን ያሳዩ፤ ቃሉ እንዴት እንደሚነበብ በፊደል ወይም በድምፅ ምልክቶች ይጻፉና ያስቀምጡ። " +
      "ቃላትዎ በዚህ አሳሽ ውስጥ ይቆያሉ፤ አውርደው በ amhctl speak --lexicon words.tsv ይጠቀሙባቸው።",
    synthetic: "ድምፁ በኮምፒውተር የተሠራ ነው። ሲያትሙት ይህን ይግለጹ።",
    keep: "አስቀምጥ", pronunciation: "የ{word} አነባበብ", removing: "{word}ን አስወግድ",
    length: "{count} ከ{most} ቁምፊዎች", preparing: "በመዘጋጀት ላይ…", speaking: "በማንበብ ላይ።", paused: "ለአፍታ ቆሟል።",
    done: "ተጠናቋል፦ {seconds} ሰከንድ።", stopped: "ቆሟል።", kept: "ተቀምጧል፦ {word}። ከሚቀጥለው ንባብ ጀምሮ ይሠራል።",
    removed: "ተወግዷል፦ {word}።", shown: "{count} ቃላት።", unspoken: "ያልተነበበ፦ {text}",
    findings: "ያልተረዳ ምልክት፦ {text}",
    unreachable: "አገልጋዩ አይመልስም።", broken: "ንባቡ ተቋርጧል። እንደገና ይሞክሩ።",
    wanted: "ይህ አገልጋይ የAPI ቁልፍ ይፈልጋል። ከድምፁ በታች ይጻፉትና እንደገና ይሞክሩ።",
    busy: "አገልጋዩ ሥራ በዝቶበታል። ከ{seconds} ሰከንድ በኋላ ይሞክሩ።",
  },
};

export function fill(message, values = {}) {
  return message.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

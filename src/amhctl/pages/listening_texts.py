"""What the page of a listening test says, in Amharic and in English. Knows no test.

The words of the scales are those of ITU-T P.800 (absolute category rating) and ITU-R BS.1534 (continuous quality).
"""

from collections.abc import Mapping

_ENGLISH = {
    "name": "English",
    "consent_title": "Before you begin",
    "consent": (
        "You will listen to short recordings of Amharic speech and say what you think of them. Taking part is "
        "voluntary, and you may stop at any time. Only your answers are stored, under a random number, "
        "with the nickname that you may give below: no name, no address, nothing about your device. The answers are "
        "used to compare computer voices, and may be published without your nickname."
    ),
    "agree": "I have read this and want to take part.",
    "nickname": "Nickname (optional; not your real name)",
    "headphones": "How are you listening?",
    "headphones_yes": "With headphones (recommended)",
    "headphones_no": "With loudspeakers",
    "begin": "Begin",
    "check_sound": "Play a test sound and set a comfortable volume. Then do not change it any more.",
    "play": "Play",
    "stop": "Stop",
    "back": "Back",
    "next": "Next",
    "practice": "Practice",
    "progress": "{place} of {count}",
    "listen_first": "Listen to the end first, then answer.",
    "listen_all": "Listen to every sound, then answer.",
    "answer_needed": "Please answer before you go on.",
    "failed": "The sound could not be loaded. Check the connection, then press Play again.",
    "beeps": (
        "Some recordings break off and beep. Then choose as many points as there were beeps: they show that "
        "somebody is listening."
    ),
    "mos_quality": "How good is the quality of this speech?",
    "mos_naturalness": "How natural does this speech sound?",
    "mos_how": "Listen to each recording to the end, then choose from 1 to 5.",
    "score_5": "Excellent",
    "score_4": "Good",
    "score_3": "Fair",
    "score_2": "Poor",
    "score_1": "Bad",
    "ab_quality": "Which recording has the better quality?",
    "ab_naturalness": "Which recording sounds more natural?",
    "ab_how": "Listen to both recordings to the end, then choose the one you prefer.",
    "ab_first": "The first",
    "ab_none": "No difference",
    "ab_second": "The second",
    "mushra_quality": "Compare the quality of each sound with the reference.",
    "mushra_naturalness": "Compare the naturalness of each sound with the reference.",
    "mushra_how": (
        "Rate every sound from 0 to 100. One of the sounds is the reference itself, hidden: give it 100. "
        "Play sounds as often as you like."
    ),
    "reference": "Reference",
    "sound": "Sound {letter}",
    "rating_of": "Rating of sound {letter}",
    "end_title": "Thank you",
    "end": "You have answered everything.",
    "saved": "All answers are saved.",
    "waiting": "{count} answers wait for the connection. Leave this page open; they are sent by themselves.",
    "refused": (
        "The server refuses the answers: {reason}. Please download them and give the file to whoever invited you."
    ),
    "not_sent": "This page has no server: download your answers and give the file to whoever invited you.",
    "not_kept": (
        "This browser does not keep answers when the page is closed. Do not close it before you have downloaded them."
    ),
    "download": "Download my answers",
    "again": "Somebody else wants to take part on this device",
    "again_sure": "Answers that are not saved yet will be lost. Go on?",
}
_AMHARIC = {
    "name": "አማርኛ",
    "consent_title": "ከመጀመርዎ በፊት",
    "consent": (
        "አጫጭር የአማርኛ ንግግር ቅጂዎችን አዳምጠው አስተያየትዎን ይሰጣሉ። ተሳትፎው በፈቃደኝነት ነው፤ በማንኛውም ጊዜ ማቆም ይችላሉ። "
        "የሚቀመጡት መልሶችዎ ብቻ ናቸው፤ በዘፈቀደ ቁጥርና ከታች ሊሰጡት በሚችሉት ቅጽል ስም ይቀመጣሉ። ስምዎ፣ አድራሻዎ ወይም ስለ ስልክዎ ምንም መረጃ "
        "አይቀመጥም። መልሶቹ የኮምፒውተር ድምፆችን ለማወዳደር ያገለግላሉ፤ ያለ ቅጽል ስምዎ ሊታተሙ ይችላሉ።"
    ),
    "agree": "ይህን አንብቤያለሁ፤ መሳተፍ እፈልጋለሁ።",
    "nickname": "ቅጽል ስም (ግዴታ አይደለም፤ እውነተኛ ስምዎን አይጻፉ)",
    "headphones": "በምን እያዳመጡ ነው?",
    "headphones_yes": "በጆሮ ማዳመጫ (ይመረጣል)",
    "headphones_no": "በድምፅ ማጉያ",
    "begin": "ጀምር",
    "check_sound": "የሙከራ ድምፅ ያጫውቱና ምቹ የድምፅ መጠን ይምረጡ። ከዚያ በኋላ መጠኑን አይቀይሩ።",
    "play": "አጫውት",
    "stop": "አቁም",
    "back": "ተመለስ",
    "next": "ቀጥል",
    "practice": "ልምምድ",
    "progress": "{place} ከ {count}",
    "listen_first": "መጀመሪያ እስከ መጨረሻው ያዳምጡ፤ ከዚያ ይመልሱ።",
    "listen_all": "ሁሉንም ድምፆች ያዳምጡ፤ ከዚያ ይመልሱ።",
    "answer_needed": "ከመቀጠልዎ በፊት እባክዎ ይመልሱ።",
    "failed": "ድምፁን መጫን አልተቻለም። የበይነመረብ ግንኙነቱን አረጋግጠው እንደገና አጫውትን ይጫኑ።",
    "beeps": "አንዳንድ ቅጂዎች ይቋረጡና የጢጥ ድምፅ ይሰማል። ያኔ የጢጥታዎቹን ብዛት ያህል ቁጥር ይምረጡ፤ ይህ በትክክል የሚያዳምጥ ሰው መኖሩን ያሳያል።",
    "mos_quality": "የዚህ ንግግር ጥራት ምን ያህል ጥሩ ነው?",
    "mos_naturalness": "ይህ ንግግር ምን ያህል ተፈጥሯዊ ይመስላል?",
    "mos_how": "እያንዳንዱን ቅጂ እስከ መጨረሻው ያዳምጡ፤ ከዚያ ከ 1 እስከ 5 ይምረጡ።",
    "score_5": "እጅግ በጣም ጥሩ",
    "score_4": "ጥሩ",
    "score_3": "መካከለኛ",
    "score_2": "ደካማ",
    "score_1": "መጥፎ",
    "ab_quality": "የትኛው ቅጂ የተሻለ ጥራት አለው?",
    "ab_naturalness": "የትኛው ቅጂ የበለጠ ተፈጥሯዊ ይመስላል?",
    "ab_how": "ሁለቱንም ቅጂዎች እስከ መጨረሻው ያዳምጡ፤ ከዚያ የሚመርጡትን ይንኩ።",
    "ab_first": "የመጀመሪያው",
    "ab_none": "ልዩነት የለም",
    "ab_second": "ሁለተኛው",
    "mushra_quality": "የእያንዳንዱን ድምፅ ጥራት ከማጣቀሻው ጋር ያወዳድሩ።",
    "mushra_naturalness": "የእያንዳንዱን ድምፅ ተፈጥሯዊነት ከማጣቀሻው ጋር ያወዳድሩ።",
    "mushra_how": (
        "ለእያንዳንዱ ድምፅ ከ 0 እስከ 100 ነጥብ ይስጡ። ከድምፆቹ አንዱ ራሱ ማጣቀሻው ነው፤ ለእሱ 100 ይስጡ። ድምፆቹን የፈለጉትን ያህል ጊዜ ማጫወት ይችላሉ።"
    ),
    "reference": "ማጣቀሻ",
    "sound": "ድምፅ {letter}",
    "rating_of": "የድምፅ {letter} ነጥብ",
    "end_title": "እናመሰግናለን",
    "end": "ሁሉንም መልሰዋል።",
    "saved": "ሁሉም መልሶች ተቀምጠዋል።",
    "waiting": "{count} መልሶች ግንኙነት እየጠበቁ ነው። ይህን ገጽ ክፍት ይተዉት፤ በራሳቸው ይላካሉ።",
    "refused": "አገልጋዩ መልሶቹን አልተቀበለም፦ {reason}። እባክዎ አውርደው ፋይሉን ለጋበዘዎት ሰው ይስጡ።",
    "not_sent": "ይህ ገጽ አገልጋይ የለውም፦ መልሶችዎን አውርደው ፋይሉን ለጋበዘዎት ሰው ይስጡ።",
    "not_kept": "ይህ አሳሽ ገጹ ሲዘጋ መልሶችን አያስቀምጥም። መልሶችዎን ከማውረድዎ በፊት ገጹን አይዝጉ።",
    "download": "መልሶቼን አውርድ",
    "again": "ሌላ ሰው በዚህ መሣሪያ መሳተፍ ይፈልጋል",
    "again_sure": "ገና ያልተቀመጡ መልሶች ይጠፋሉ። ይቀጥሉ?",
}
TEXTS: Mapping[str, Mapping[str, str]] = {"am": _AMHARIC, "en": _ENGLISH}
"""Texts by language and key; both languages have the same keys and the same names in braces."""

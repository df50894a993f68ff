"""Ways to break this lab, each of which a check must catch; and correct work, written otherwise."""

from mnlab.checks import mutant

ENOUGH = ("silent", "h2_answers_no_ping")


@mutant.network("h2 answers no ping", scenes=["kernel"])
def h2_answers_no_ping(net, params):
    net["h2"].sysctl("net.ipv4.icmp_echo_ignore_all", 1)


@mutant.answers("says that packets begin with a TTL of 255")
def ttl_255(answers, params):
    answers["ttl"] = 255


@mutant.work("sends the text back as it is", breaks="R1")
def echoes(work, params):
    work.edit("server.py", "text.upper()", "text")


@mutant.work("changes only the first letter", breaks="R1")
def capitalizes(work, params):
    work.edit("server.py", "text.upper()", "text.capitalize()")


@mutant.work("answers whoever asked first", breaks="R2")
def remembers_the_first(work, params):
    work.edit("server.py", "while True:", "first = None\nwhile True:")
    work.edit("server.py", "    ends.sendto(text.upper(), sender)",
              "    first = first or sender\n    ends.sendto(text.upper(), first)")


@mutant.work("does not answer an empty datagram", breaks="R3")
def ignores_nothing(work, params):
    work.edit("server.py", "    ends.sendto(text", "    if text:\n        ends.sendto(text")


@mutant.work("answers nobody")
def silent(work, params):
    work.edit("server.py", "    ends.sendto(text.upper(), sender)", "    pass")


@mutant.right("is written with socketserver")
def with_socketserver(work, params):
    work.take("with_socketserver.py", "server.py")


@mutant.right("takes the letters one by one")
def letter_by_letter(work, params):
    work.edit("server.py", "text.upper()",
              "bytes(letter - 32 if 97 <= letter <= 122 else letter for letter in text)")

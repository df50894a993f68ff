"""nginx as this lab configures it, and what it serves; plain text made from the variant."""

CONF = """\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr info;
events { worker_connections 64; }

http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    log_format lab '$remote_port "$request" $status $bytes_sent';
    access_log access.log lab;

    server {
        listen 80;
        root site;
        location = /right.html { charset utf-8; override_charset on; }
        location = /wrong.html { charset iso-8859-1; override_charset on; }
        location = /plain.html { types { } default_type text/plain; charset utf-8; }
        location = /long.txt { gzip on; gzip_http_version 1.0; gzip_types text/plain; gzip_min_length 100; }
        location = /gone { return 410; }
    }
}
"""


#: A body may look like anything; where it begins and ends is settled before one looks at it.
TRAP = b"<!--\r\n\r\nX-Note: this is no header\r\n\r\nHTTP/1.1 500 And this is no response\r\n\r\n-->\n"


def site(params: dict) -> dict[str, bytes]:
    """The files of nginx; the three pages are the same bytes."""
    page = f"<html><body><p>{params['text']}</p></body></html>\n".encode()
    long = "".join(f"{number:4}  {params['text']}\n" for number in range(1, params["lines"] + 1))
    return {"index.html": page + TRAP, "long.txt": long.encode(),
            "right.html": page, "wrong.html": page, "plain.html": page}


def story(params: dict) -> list[bytes]:
    """The lines that the student's program makes one by one, as it is to send them."""
    return [f"{line}\n".encode() for line in params["story"].split("|")]

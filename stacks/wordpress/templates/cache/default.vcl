# SPDX-License-Identifier: GPL-3.0-or-later
# Made from the services that are registered now; changes here are overwritten.
vcl 4.1;

import directors;
import std;

{{$webs := gets "/web/*"}}
{{- if $webs}}
probe alive {
	.url = "/web-alive";
	.interval = 500ms;
	.timeout = 3s;
	.window = 3;
	.threshold = 1;
	.initial = 1;
}
{{else}}
backend none none;
{{end}}
{{- range $webs}}{{$s := json .Value}}
backend {{replace (base .Key) "-" "_" -1}} {
	.host = "{{$s.host}}";
	.port = "{{$s.port}}";
	.connect_timeout = 1s;
	.first_byte_timeout = 60s;
	.probe = alive;
}
{{- end}}

sub vcl_init {
	new web = directors.round_robin();
{{- range $webs}}
	web.add_backend({{replace (base .Key) "-" "_" -1}});
{{- end}}
}

sub vcl_recv {
	if (req.url == "/varnish-alive") {
		return (synth(200));
	}
	set req.backend_hint = web.backend();
	# Long-stale pages are served only when no web host lives: that is better than an error.
	if (std.healthy(req.backend_hint)) {
		set req.grace = 5s;
	}
	if (req.method != "GET" && req.method != "HEAD") {
		return (pass);
	}
	if (req.url ~ "^/wp-(admin|login)" || req.http.Cookie ~ "wordpress_logged_in|comment_author|wp-postpass") {
		return (pass);
	}
	unset req.http.Cookie;
}

sub vcl_backend_fetch {
	# Another try goes to another backend: one that just died shows nothing to the visitor.
	if (bereq.retries > 0) {
		set bereq.backend = web.backend();
	}
}

sub vcl_backend_response {
	if (beresp.status >= 500 && (bereq.method == "GET" || bereq.method == "HEAD") && bereq.retries < 3) {
		return (retry);
	}
	if (beresp.status >= 500) {
		set beresp.uncacheable = true;
		return (deliver);
	}
	if (bereq.uncacheable) {
		return (deliver);
	}
	unset beresp.http.Set-Cookie;
	if (beresp.http.Content-Type ~ "^text/html") {
		# Pages that came together do not go together.
		set beresp.ttl = 2m * std.random(0.5, 1.5);
	} else {
		set beresp.ttl = 1h;
	}
	set beresp.grace = 1h;
}

sub vcl_backend_error {
	if ((bereq.method == "GET" || bereq.method == "HEAD") && bereq.retries < 3) {
		return (retry);
	}
}

sub vcl_deliver {
	set resp.http.X-Cache = "miss";
	if (obj.hits > 0) {
		set resp.http.X-Cache = "hit";
	}
}

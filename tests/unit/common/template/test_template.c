/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "template.h"

#include <stdio.h>
#include <string.h>

/* Sorted by key, as a store keeps them. */
static const char *const data[][2] = {
	{ "/a", "1" },
	{ "/b", "2" },
	{ "/db/host", "10.0.0.1" },
	{ "/db/port", "3306" },
	{ "/deep/x/y", "z" },
	{ "/empty", "" },
	{ "/json/list", "[3,\"x\",null,true,{\"k\":1.5},1000000]" },
	{ "/json/obj", "{\"n\":8080,\"f\":0.25,\"big\":1e21,\"s\":\"t<\",\"in\":{\"a\":["
		       "1,2]},\"no\":null}" },
	{ "/web/1", "{\"host\":\"10.0.0.7\",\"port\":8080}" },
	{ "/web/10", "{\"host\":\"10.0.0.9\",\"port\":8080}" },
	{ "/web/2", "{\"host\":\"10.0.0.8\",\"port\":8081}" },
};

static bool get(void *arg, const char *key, const char **ret, size_t *ret_len)
{
	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(data); i++)
		if (strcmp(data[i][0], key) == 0) {
			*ret = data[i][1];
			*ret_len = strlen(*ret);
			return true;
		}
	return false;
}

static void each(void *arg, const char *prefix, template_each_fn *fn, void *fn_arg)
{
	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(data); i++)
		if (strncmp(data[i][0], prefix, strlen(prefix)) == 0 &&
		    !fn(fn_arg, data[i][0], data[i][1], strlen(data[i][1])))
			return;
}

static int lookup_ip(void *arg, const char *name, int family, template_ip_fn *fn,
		     void *fn_arg, struct err *err)
{
	(void)arg;
	if (strcmp(name, "web.local") != 0)
		return err_set(err, ERR_NOT_FOUND, "no name '%s'", name);
	if (family != 4)
		fn(fn_arg, "fd00::1");
	if (family != 6) {
		fn(fn_arg, "10.0.0.8");
		fn(fn_arg, "10.0.0.7");
	}
	return 0;
}

static int lookup_srv(void *arg, const char *name, template_srv_fn *fn, void *fn_arg,
		      struct err *err)
{
	(void)arg;
	(void)err;
	if (strcmp(name, "_http._tcp.web.local") == 0) {
		fn(fn_arg, &(struct template_srv){ "b.local.", 81, 10, 50 });
		fn(fn_arg, &(struct template_srv){ "a.local.", 80, 10, 50 });
	}
	return 0;
}

static const char *env(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "REGION") == 0 ? "north" : NULL;
}

static bool file_exists(void *arg, const char *path)
{
	(void)arg;
	return strcmp(path, "/etc/passwd") == 0;
}

static const struct template_source source = {
	.get = get,
	.each = each,
	.lookup_ip = lookup_ip,
	.lookup_srv = lookup_srv,
	.env = env,
	.file_exists = file_exists,
	.hostname = "web-0a1b2c3d",
	.host_ip = "10.90.0.7",
	.now_ms = 1257894000123,
};

static int run(const char *text, struct buf *out, struct err *err)
{
	CLEANUP(template_free) struct template *t = NULL;
	int rc = template_parse("t.tmpl", text, strlen(text), &t, err);

	return rc < 0 ? rc : template_execute(t, &source, NULL, 0, out, err);
}

struct example {
	const char *text, *want;
};

static void check_all(const struct example *e, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		CLEANUP(buf_done) struct buf out;
		struct err err = { 0 };

		buf_init(&out, 1 << 20);
		if (run(e[i].text, &out, &err) < 0)
			fail_msg("%s: %s", e[i].text, err.msg);
		if (strcmp(buf_str(&out), e[i].want) != 0)
			fail_msg("%s\n gives    %s\n expected %s", e[i].text,
				 buf_str(&out), e[i].want);
	}
}

/* The expected texts of language[] and of printing[] were made with
 * Go's text/template. */
static const struct example language[] = {
	{ "plain text\n", "plain text\n" },
	{ "a {{/* gone */}} b", "a  b" },
	{ "a {{- /* gone */ -}} b", "ab" },
	{ "x  {{- 1 -}}  y", "x1y" },
	{ "x {{-1}} y", "x -1 y" },
	{ "{{- 3 }} {{ 4 -}}\n\n z", "3 4z" },
	{ "{{\"a\\tb\\u00e9\\x41\\101\\\"\"}}{{`r\\n`}}{{'a'}}",
	  "a\tb\303\251AA\"r\\n97" },
	{ "{{1}} {{-5}} {{+7}} {{0x1F}} {{1_000}} {{1.5}} {{1e3}} {{.5}} {{1e6}}",
	  "1 -5 7 31 1000 1.5 1000 0.5 1e+06" },
	{ "{{true}} {{false}} {{print nil}} {{.}} {{.x}} {{.x.y}} {{$}}",
	  "true false <nil> <no value> <no value> <no value> <no value>" },
	{ "{{$x := 1}}{{$x}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "121" },
	{ "{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2" },
	{ "{{if 0}}a{{else if \"\"}}b{{else if 3}}c{{else}}d{{end}}", "c" },
	{ "{{if $v := getv \"/a\"}}{{$v}}{{else}}{{$v}}no{{end}}", "1" },
	{ "{{if and 1 \"x\"}}y{{end}}{{or 0 \"\" \"z\"}}{{and 1 0 (index nil 1)}}{{not "
	  "0}}",
	  "yz0true" },
	{ "{{range ls \"/web\"}}[{{.}}]{{end}}", "[1][10][2]" },
	{ "{{range $i, $v := ls \"/web\"}}{{if $i}},{{end}}{{$i}}={{$v}}{{end}}",
	  "0=1,1=10,2=2" },
	{ "{{range $v := ls \"/web\"}}{{$v}};{{end}}", "1;10;2;" },
	{ "{{range ls \"/none\"}}x{{else}}empty{{end}}", "empty" },
	{ "{{range $k, $v := json (getv \"/json/obj\")}}{{$k}}={{$v}} {{end}}",
	  "big=1e+21 f=0.25 in=map[a:[1 2]] n=8080 no=<no value> s=t< " },
	{ "{{range jsonArray (getv \"/json/list\")}}<{{.}}>{{end}}",
	  "<3><x><<no value>><true><map[k:1.5]><1e+06>" },
	{ "{{range seq 1 9}}{{if eq . 3}}{{continue}}{{end}}{{if eq . "
	  "6}}{{break}}{{end}}{{.}}{{end}}",
	  "1245" },
	{ "{{range seq 1 2}}{{range seq 5 6}}{{.}}{{break}}{{end}}{{.}} {{end}}",
	  "51 52 " },
	{ "{{with getv \"/a\"}}{{.}}{{$}}{{end}}{{with \"\"}}x{{else}}y{{end}}",
	  "1<no value>y" },
	{ "{{with $d := json (getv \"/web/1\")}}{{.host}}:{{$d.port}}{{end}}",
	  "10.0.0.7:8080" },
	{ "{{define \"x\"}}[{{.}}{{$}}]{{end}}{{template \"x\" 5}}{{template \"x\"}}",
	  "[55][<no value><no value>]" },
	{ "{{block \"b\" getv \"/a\"}}({{.}}){{end}}{{template \"b\" 2}}", "(1)(2)" },
	{ "{{define \"f\"}}{{if gt . 0}}{{.}}{{template \"f\" sub . "
	  "1}}{{end}}{{end}}{{template \"f\" 3}}",
	  "321" },
	{ "{{getv \"/a\" | printf \"%s-%s\" \"x\" | toUpper}}", "X-1" },
	{ "{{(json (getv \"/json/obj\")).in.a}} {{index (json (getv \"/json/obj\")).in.a "
	  "1}}",
	  "[1 2] 2" },
	{ "{{(get \"/a\").Key}} {{(get \"/a\").Value}} {{get \"/a\"}} {{gets \"/d*/*\"}}",
	  "/a 1 {/a 1} [{/db/host 10.0.0.1} {/db/port 3306}]" },
	{ "{{range gets \"/web/*\"}}{{$d := json .Value}}{{base .Key}} "
	  "{{$d.host}}:{{$d.port}}\n{{end}}",
	  "1 10.0.0.7:8080\n10 10.0.0.9:8080\n2 10.0.0.8:8081\n" },
	{ "{{eq 1 1}} {{eq 1 2 3 1}} {{ne \"a\" \"b\"}} {{lt 1 2}} {{le 2 2}} {{gt \"b\" "
	  "\"a\"}} {{ge 1.5 2.5}} {{eq true true}} {{eq nil nil}}",
	  "true true true true true true false true true" },
	{ "{{len \"h\303\251\"}} {{len (ls \"/web\")}} {{len (json (getv "
	  "\"/json/obj\"))}}",
	  "3 3 6" },
	{ "{{index (ls \"/web\") 1}} {{index \"abc\" 1}} {{index (json (getv "
	  "\"/web/1\")) \"host\"}} {{index (json (getv \"/web/1\")) \"none\"}}",
	  "10 98 10.0.0.7 <no value>" },
	{ "{{slice \"abcdef\" 1 3}} {{slice \"abc\" 1}} {{slice (seq 1 5) 2 4}}",
	  "bc bc [3 4]" },
	{ "{{print 1 2 \"a\" \"b\" 3}}|{{println \"a\" 1 true}}|{{print}}",
	  "1 2ab3|a 1 true\n|" },
	{ "{{html \"<a href='x'>&\\\"\"}} {{js \"a'b<\\n\"}} {{urlquery \"a "
	  "b&c/\303\251~\"}}",
	  "&lt;a href=&#39;x&#39;&gt;&amp;&#34; a\\'b\\u003C\\u000A a+b%26c%2F%C3%A9~" },
	{ "{{$a := 1}}{{$b := 2}}{{range $i, $a := seq 7 8}}{{$a}}{{$b}}{{end}}{{$a}}",
	  "72821" },
	{ "{{range map \"b\" 2 \"a\" 1}}{{.}}{{end}} {{map \"x\" (map \"y\" 1) \"a\" "
	  "nil}}",
	  "12 map[a:<nil> x:map[y:1]]" },
	{ "{{if true}}a{{/* c */}}b{{end}} {{if not true}}{{else}}e{{end}}", "ab e" },
};

static const struct example printing[] = {
	{ "{{printf \"%s %d %v %q %05.2f %x %t %%\" \"a\" 7 \"b\" \"c\\n\" 3.14159 255 "
	  "true}}",
	  "a 7 b \"c\\n\" 03.14 ff true %" },
	{ "{{printf \"%5d|%-5d|%05d|%+d|% d|%x|%X|%#x|%o|%b|%c|%q|%U\" 42 42 -42 42 42 "
	  "255 255 255 8 5 65 65 8364}}",
	  "   42|42   |-0042|+42| 42|ff|FF|0xff|10|101|A|'A'|U+20AC" },
	{ "{{printf \"%6.2f|%-8.1f|%e|%g|%G|%v|%8v|%f\" 3.14159 2.5 12345.678 1e21 1e-7 "
	  "0.1 0.5 1e3}}",
	  "  3.14|2.5     |1.234568e+04|1e+21|1E-07|0.1|     0.5|1000.000000" },
	{ "{{printf \"%10s|%-10s|%.2s|%q|%x|%X\" \"h\303\251\" \"ab\" \"h\303\251llo\" "
	  "\"a\\\"\\t\303\251\" \"hi\" \"hi\"}}",
	  "        h\303\251|ab        |h\303\251|\"a\\\"\\t\303\251\"|6869|6869" },
	{ "{{printf \"%s %v %q %d\" (ls \"/web\") (ls \"/web\") (ls \"/web\") (seq 1 "
	  "3)}}",
	  "[1 10 2] [1 10 2] [\"1\" \"10\" \"2\"] [1 2 3]" },
	{ "{{printf \"%v %s\" (json (getv \"/web/1\")) (get \"/a\")}}",
	  "map[host:10.0.0.7 port:8080] {/a 1}" },
	{ "{{printf \"%d %z %t %s\" \"x\" 1 1 2}}",
	  "%!d(string=x) %!z(int=1) %!t(int=1) %!s(int=2)" },
	{ "{{printf \"%d %d\" 1}} {{printf \"%d\" 1 2 \"x\"}} {{printf \"%\"}} {{printf "
	  "\"%v %d\" nil nil}}",
	  "1 %!d(MISSING) 1%!(EXTRA int=2, string=x) %!(NOVERB) <nil> %!d(<nil>)" },
	{ "{{printf \"%*d|%-*d|%.*f\" 5 42 5 42 1 2.55}}", "   42|42   |2.5" },
	{ "{{printf \"%T %T %T %T %T %T %T\" 1 1.5 \"s\" true (ls \"/web\") (json (getv "
	  "\"/web/1\")) (get \"/a\")}}",
	  "int float64 string bool []string map[string]interface {} memkv.KVPair" },
	{ "{{printf \"%t|%5t|%v\" false true 'x'}}", "false| true|120" },
	{ "{{1e20}} {{1e21}} {{0.0001}} {{0.00001}} {{123456.0}} {{1234567.0}} {{1.0}} "
	  "{{100000.0}} {{-0.5}}",
	  "1e+20 1e+21 0.0001 1e-05 123456 1.234567e+06 1 100000 -0.5" },
};

static const struct example corners[] = {
	{ "{{printf \"% x|%#x|%# X\" \"hi\" \"hi\" \"hi\"}}", "68 69|0x6869|0X68 0X69" },
	{ "{{printf \"%+v %v %q %5d|%.2v %x\" (get \"/a\") (map \"n\" nil) 1 \"x\" 2.5 "
	  "2.5}}",
	  "{Key:/a Value:1} map[n:<nil>] '\\x01' %!d(string=    x)|2.5 0x1.4p+01" },
	{ "{{html .x}} {{.x | js}}", "&lt;no value&gt; \\u003Cno value\\u003E" },
	{ "{{eq (ls \"/\") nil}} {{ne nil (ls \"/\")}} {{eq nil 1 nil}}",
	  "false true true" },
};

static const struct example functions[] = {
	{ "{{exists \"/a\"}} {{exists \"/web\"}} {{getv \"/none\" \"d\"}} {{getv "
	  "\"/empty\" \"d\"}}|",
	  "true false d |" },
	{ "{{getvs \"/*\"}} {{getvs \"/web/*0\"}} {{getvs \"/nope/*\"}}",
	  "[ 1 2] [{\"host\":\"10.0.0.9\",\"port\":8080}] []" },
	{ "{{ls \"/\"}} {{lsdir \"/\"}} {{ls \"/a\"}} {{ls \"/deep\"}} {{lsdir "
	  "\"/deep\"}} "
	  "{{ls \"/we\"}} {{lsdir \"/web\"}}",
	  "[a b db deep empty json web] [db deep json web] [a] [x] [x] [] []" },
	{ "{{range gets \"/[a-b]\"}}{{.Key}}{{end}} {{range gets "
	  "\"/d?/[^h]*\"}}{{.Key}}{{end}}",
	  "/a/b /db/port" },
	{ "{{base \"/a/b\"}} {{base \"/a/b/\"}} {{base \"\"}} {{base \"/\"}} {{dir "
	  "\"/a/b\"}} "
	  "{{dir \"/a\"}} {{dir \"a\"}} {{dir \"a/../b/./c//d\"}}",
	  "b b . / /a / . b/c" },
	{ "{{split \"a,b,c\" \",\"}} {{join (split \"a,b\" \",\") \"-\"}} {{split \"ab\" "
	  "\"\"}} "
	  "{{len (split \"\" \",\")}}",
	  "[a b c] a-b [a b] 1" },
	{ "{{toUpper \"ab\"}}{{toLower \"CD\"}} {{contains \"abc\" \"bc\"}} "
	  "{{replace \"aaaa\" \"a\" \"b\" 2}} {{replace \"aba\" \"a\" \"\" -1}} "
	  "{{replace \"ab\" \"\" \"-\" -1}}",
	  "ABcd true bbaa b -a-b-" },
	{ "{{trimSuffix \"a.b\" \".b\"}} {{trimPrefix \"a.b\" \"a.\"}} {{trimSuffix "
	  "\"a\" \"ab\"}}",
	  "a b a" },
	{ "{{base64Encode \"hello\"}} {{base64Decode \"aGVsbG8=\"}} {{base64Encode "
	  "\"\"}}|"
	  "{{base64Decode \"aGk=\"}}",
	  "aGVsbG8= hello |hi" },
	{ "{{parseBool \"T\"}} {{parseBool \"false\"}} {{atoi \"-12\"}} {{add 2 3}} "
	  "{{sub 2 3}} "
	  "{{mul 2 3}} {{div 7 2}} {{div -7 2}} {{mod 7 3}} {{mod -7 3}}",
	  "true false -12 5 -1 6 3 -3 1 -1" },
	{ "{{reverse (ls \"/web\")}} {{sortByLength (split \"ccc,a,bb,d\" \",\")}} {{seq "
	  "3 1}} "
	  "{{range sortKVByLength (gets \"/web/*\")}}{{.Key}} {{end}}",
	  "[2 10 1] [a d bb ccc] [] /web/1 /web/2 /web/10 " },
	{ "{{toJson (json (getv \"/json/obj\"))}} {{toJson (get \"/a\")}} {{toJson (ls "
	  "\"/web\")}}",
	  "{\"big\":1e+21,\"f\":0.25,\"in\":{\"a\":[1,2]},\"n\":8080,\"no\":null,\"s\":"
	  "\"t\\u003c\"} "
	  "{\"Key\":\"/a\",\"Value\":\"1\"} [\"1\",\"10\",\"2\"]" },
	{ "{{getenv \"REGION\"}} {{getenv \"NONE\"}}|{{getenv \"NONE\" \"x\"}} "
	  "{{default \"d\" \"\"}} {{\"v\" | default \"d\"}} {{hostname}} {{hostIP}} "
	  "{{fileExists \"/etc/passwd\"}} {{fileExists \"/nope\"}}",
	  "north |x d v web-0a1b2c3d 10.90.0.7 true false" },
	{ "{{datetime.Unix}} {{datetime.Format \"Jan 2, 2006 at 3:04pm (MST)\"}} "
	  "{{(datetime).Format \"2006-01-02T15:04:05.000Z07:00\"}} "
	  "{{$now := datetime}}{{$now.Format \"Mon _2 02 06 15:04:05.999\"}}",
	  "1257894000 Nov 10, 2009 at 11:00pm (UTC) 2009-11-10T23:00:00.123Z "
	  "Tue 10 10 09 23:00:00.123" },
	{ "{{lookupIP \"web.local\"}} {{lookupIPV4 \"web.local\"}} {{lookupIPV6 "
	  "\"web.local\"}} "
	  "{{range lookupSRV \"http\" \"tcp\" \"web.local\"}}{{.Target}}:{{.Port}} "
	  "{{end}}",
	  "[10.0.0.7 10.0.0.8 fd00::1] [10.0.0.7 10.0.0.8] [fd00::1] a.local.:80 "
	  "b.local.:81 " },
	{ "{{range 3}}{{.}}{{end}} {{range $i, $v := 2}}{{$i}}{{$v}}{{else}}no{{end}}"
	  "{{range 0}}x{{else}}none{{end}}",
	  "012 0011none" },
	{ "{{with 0}}a{{else with 5}}{{.}}{{else}}c{{end}}", "5" },
};

static void speaks_the_language_as_go_does(void **state)
{
	(void)state;
	check_all(language, ARRAY_SIZE(language));
}

static void prints_values_as_go_does(void **state)
{
	(void)state;
	check_all(printing, ARRAY_SIZE(printing));
	check_all(corners, ARRAY_SIZE(corners));
}

static void has_the_functions_of_confd(void **state)
{
	(void)state;
	check_all(functions, ARRAY_SIZE(functions));
}

/* Each fails with these words and this code. */
static const struct {
	const char *text, *words;
	int code;
} failures[] = {
	{ "a\n{{getv \"/none\"}}",
	  "t.tmpl:2: error calling getv: key does not exist: /none", ERR_NOT_FOUND },
	{ "{{get \"/web\"}}", "key does not exist: /web", ERR_NOT_FOUND },
	{ "a\n\n{{nope}}", "t.tmpl:3: function \"nope\" not defined", ERR_INVAL },
	{ "{{$x}}", "undefined variable \"$x\"", ERR_INVAL },
	{ "{{if 1}}{{$x := 1}}{{end}}{{$x}}", "undefined variable \"$x\"", ERR_INVAL },
	{ "{{$x = 1}}", "undefined variable \"$x\"", ERR_INVAL },
	{ "{{if 1}}", "unclosed", ERR_INVAL },
	{ "x\n{{end}}", "t.tmpl:2: unexpected {{end}}", ERR_INVAL },
	{ "{{else}}", "unexpected {{else}}", ERR_INVAL },
	{ "{{if 1}}{{else}}{{else}}{{end}}", "expected end", ERR_INVAL },
	{ "{{", "unclosed action", ERR_INVAL },
	{ "{{/* x", "unclosed comment", ERR_INVAL },
	{ "{{/* x */ 1}}", "comment ends before closing delimiter", ERR_INVAL },
	{ "{{\"a}}", "unterminated quoted string", ERR_INVAL },
	{ "{{`a}}", "unterminated raw quoted string", ERR_INVAL },
	{ "{{\"\\q\"}}", "invalid escape", ERR_INVAL },
	{ "{{}}", "missing value for command", ERR_INVAL },
	{ "{{1x}}", "bad number syntax", ERR_INVAL },
	{ "{{1 | 2}}", "non executable command in pipeline", ERR_INVAL },
	{ "{{1 2}}", "can't give argument to non-function", ERR_INVAL },
	{ "{{nil}}", "nil is not a command", ERR_INVAL },
	{ "{{break}}", "{{break}} outside {{range}}", ERR_INVAL },
	{ "{{eq 1 1.0}}", "incompatible types for comparison", ERR_INVAL },
	{ "{{eq 1}}", "missing argument for comparison", ERR_INVAL },
	{ "{{lt true false}}", "invalid type for comparison", ERR_INVAL },
	{ "{{eq (ls \"/\") 1}}", "incompatible types for comparison", ERR_INVAL },
	{ "{{eq (ls \"/\") (ls \"/\")}}", "non-comparable type []string", ERR_INVAL },
	{ "{{len 3}}", "len of type int", ERR_INVAL },
	{ "{{index (ls \"/web\") 3}}", "index out of range: 3", ERR_INVAL },
	{ "{{index 1 1}}", "can't index item of type int", ERR_INVAL },
	{ "{{slice \"abc\" 2 1}}", "invalid slice index: 2 > 1", ERR_INVAL },
	{ "{{toUpper 1}}",
	  "wrong type for argument 1 of toUpper: expected string, got int", ERR_INVAL },
	{ "{{toUpper}}", "not enough arguments for toUpper", ERR_INVAL },
	{ "{{base \"a\" \"b\"}}", "too many arguments for base", ERR_INVAL },
	{ "{{join (jsonArray (getv \"/json/list\")) \",\"}}",
	  "expected []string, got []interface {}", ERR_INVAL },
	{ "{{range 1.5}}{{end}}", "range can't iterate over a float64", ERR_INVAL },
	{ "{{(get \"/a\").Nope}}", "can't evaluate field Nope in type memkv.KVPair",
	  ERR_INVAL },
	{ "{{\"a\" | len | printf \"%s\" }}{{(getv \"/a\").x}}",
	  "can't evaluate field x in type string", ERR_INVAL },
	{ "{{template \"nope\"}}", "template \"nope\" not defined", ERR_INVAL },
	{ "{{if 1}}{{define \"x\"}}{{end}}{{end}}", "unexpected {{define}}", ERR_INVAL },
	{ "{{define \"x\"}}1{{end}}{{define \"x\"}}2{{end}}", "multiple definition",
	  ERR_INVAL },
	{ "{{json (getv \"/json/list\")}}", "the JSON is not an object", ERR_INVAL },
	{ "{{datetime.Format 1}}", "Format takes one string", ERR_INVAL },
	{ "{{datetime.Format (nope)}}", "function \"nope\" not defined", ERR_INVAL },
	{ "{{datetime.Format (getv \"/none\")}}", "key does not exist", ERR_NOT_FOUND },
	{ "{{json \"{\"}}", "not JSON", ERR_INVAL },
	{ "{{gets \"/[\"}}", "syntax error in pattern", ERR_INVAL },
	{ "{{atoi \"x\"}}", "invalid syntax", ERR_INVAL },
	{ "{{div 1 0}}", "integer divide by zero", ERR_INVAL },
	{ "{{map \"a\"}}", "invalid map call", ERR_INVAL },
	{ "{{base64Decode \"a*b=\"}}", "illegal base64 data at input byte 1", ERR_INVAL },
	{ "{{lookupIP \"other.example\"}}", "no name 'other.example'", ERR_NOT_FOUND },
	/* bombs */
	{ "{{define \"r\"}}{{template \"r\" .}}{{end}}{{template \"r\"}}",
	  "calls too deeply", ERR_LIMIT },
	{ "{{define \"r\"}}{{template \"r\"}}{{template \"r\"}}{{end}}{{template \"r\"}}",
	  "calls too deeply", ERR_LIMIT },
	{ "{{range seq 1 90000}}{{range seq 1 90000}}{{end}}{{end}}", "the template",
	  ERR_LIMIT },
	{ "{{range seq 1 90000}}{{range seq 1 1000}}x{{end}}{{end}}", "the template",
	  ERR_LIMIT },
	{ "{{seq 1 1000000000}}", "more than 100000 numbers", ERR_LIMIT },
	{ "{{$x := \"aaaaaaaaaaaaaaaa\"}}{{range seq 1 60}}{{$x = print $x $x}}{{end}}",
	  "too long", ERR_LIMIT },
	{ "{{$x := 1}}{{range seq 1 200}}{{$x = map \"a\" $x}}{{end}}{{$x}}", "too deep",
	  ERR_LIMIT },
	{ "{{printf \"%9999999d\" 1}}{{range seq 1 90000}}{{printf \"%999999999d\" "
	  "1}}{{end}}",
	  "the template", ERR_LIMIT },
};

static void says_what_is_wrong_and_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		CLEANUP(buf_done) struct buf out;
		struct err err = { 0 };

		buf_init(&out, 1 << 20);
		if (run(failures[i].text, &out, &err) == 0)
			fail_msg("%s: no error, but: %s", failures[i].text,
				 buf_str(&out));
		if (!strstr(err.msg, failures[i].words) || err.code != failures[i].code ||
		    !strstr(err.msg, "t.tmpl:"))
			fail_msg("%s: %d %s", failures[i].text, err.code, err.msg);
	}
}

static void refuses_nesting_without_end(void **state)
{
	CLEANUP(buf_done) struct buf text;
	CLEANUP(buf_done) struct buf out;
	struct err err = { 0 };

	(void)state;
	buf_init(&text, 1 << 20);
	buf_init(&out, 1 << 20);
	buf_puts(&text, "{{");
	for (int i = 0; i < 50000; i++)
		buf_putc(&text, '(');
	assert_int_equal(run(buf_str(&text), &out, &err), ERR_LIMIT);
	buf_clear(&text);
	for (int i = 0; i < 50000; i++)
		buf_puts(&text, "{{if 1}}");
	assert_int_equal(run(buf_str(&text), &out, &err), ERR_LIMIT);
}

static void stops_at_the_outputs_maximum(void **state)
{
	CLEANUP(buf_done) struct buf out;
	struct err err = { 0 };

	(void)state;
	buf_init(&out, 10);
	assert_int_equal(run("{{range seq 1 20}}x{{end}}", &out, &err), ERR_LIMIT);
	assert_non_null(strstr(err.msg, "too much output"));
}

/* "/big" is a JSON object of n members, the last first. */
struct big {
	struct buf json;
	size_t keys;
};

static bool big_get(void *arg, const char *key, const char **ret, size_t *ret_len)
{
	struct big *b = arg;

	if (strcmp(key, "/big") != 0)
		return false;
	*ret = buf_str(&b->json);
	*ret_len = b->json.len;
	return true;
}

static void big_each(void *arg, const char *prefix, template_each_fn *fn, void *fn_arg)
{
	const struct big *b = arg;

	(void)prefix;
	for (size_t i = 0; i < b->keys; i++) {
		char key[32];

		snprintf(key, sizeof(key), "/d/%08zu", i);
		if (!fn(fn_arg, key, "v", 1))
			return;
	}
}

static int run_big(struct big *b, const char *text, int64_t steps, struct buf *out,
		   struct err *err)
{
	const struct template_source from = {
		.arg = b, .get = big_get, .each = big_each, .steps_max = steps
	};
	CLEANUP(template_free) struct template *t = NULL;

	assert_ok(template_parse("t", text, strlen(text), &t, err), err);
	buf_init(out, 1 << 20);
	return template_execute(t, &from, NULL, 0, out, err);
}

static void fill_big(struct big *b, size_t members)
{
	buf_init(&b->json, 64 << 20);
	buf_putc(&b->json, '{');
	for (size_t i = members; i-- > 0;)
		buf_printf(&b->json, "\"%05zx\":%zu%s", i, i, i ? "," : "");
	buf_putc(&b->json, '}');
}

/* Work that grows with the square would take minutes. */
static void large_values_cost_in_proportion(void **state)
{
	static const char text[] =
		"{{$d := json (getv \"/big\")}}{{len $d}} "
		"{{range seq 1 5000}}{{$x := index $d \"00001\"}}"
		"{{end}}{{index $d \"000ff\"}} "
		"{{len (ls \"/d\")}} {{len (sortByLength (ls \"/d\"))}}";
	struct big b = { .keys = 50000 };
	CLEANUP(buf_done) struct buf out;
	double before = cpu_ms();
	struct err err;

	(void)state;
	fill_big(&b, 50000);
	assert_ok(run_big(&b, text, 0, &out, &err), &err);
	assert_string_equal(buf_str(&out), "50000 255 50000 50000");
	assert_true(cpu_ms() - before < 5000);
	buf_done(&b.json);
}

static void a_smaller_bound_of_work_is_obeyed_before_the_work(void **state)
{
	static const char *const texts[] = { "{{$d := json (getv \"/big\")}}",
					     "{{len (ls \"/d\")}}",
					     "{{len (gets \"/d/*\")}}",
					     "{{range seq 1 10000}}{{end}}",
					     "{{datetime.Format (getv \"/big\")}}" };
	struct big b = { .keys = 100000 };
	double before = cpu_ms();
	struct err err;

	(void)state;
	fill_big(&b, 100000);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(buf_done) struct buf out;

		assert_int_equal(run_big(&b, texts[i], 5000, &out, &err), ERR_LIMIT);
		assert_non_null(strstr(err.msg, "runs too long"));
	}
	assert_true(cpu_ms() - before < 1000);
	buf_done(&b.json);
}

static void starts_from_variables_when_given(void **state)
{
	const struct template_var vars[] = { { "src", "/tmp/.x1" },
					     { "dest", "/etc/x" } };
	CLEANUP(template_free) struct template *t = NULL;
	CLEANUP(buf_done) struct buf out;
	struct err err;

	(void)state;
	buf_init(&out, 1000);
	assert_ok(
		template_parse("check_cmd", "check {{.src}} {{ $.dest }}", 27, &t, &err),
		&err);
	assert_ok(template_execute(t, &source, vars, 2, &out, &err), &err);
	assert_string_equal(buf_str(&out), "check /tmp/.x1 /etc/x");
}

static void answers_nothing_from_an_empty_source(void **state)
{
	static const char text[] =
		"{{exists \"/a\"}}{{ls \"/\"}}{{gets \"/*\"}}{{getenv \"A\"}}"
		"{{lookupIP \"a\"}}{{hostname}}{{fileExists \"/\"}}";
	const struct template_source none = { .now_ms = 0 };
	CLEANUP(template_free) struct template *t = NULL;
	CLEANUP(buf_done) struct buf out;
	struct err err;

	(void)state;
	buf_init(&out, 1000);
	assert_ok(template_parse("t", text, strlen(text), &t, &err), &err);
	assert_ok(template_execute(t, &none, NULL, 0, &out, &err), &err);
	assert_string_equal(buf_str(&out), "false[][][]false");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks_the_language_as_go_does),
		cmocka_unit_test(prints_values_as_go_does),
		cmocka_unit_test(has_the_functions_of_confd),
		cmocka_unit_test(says_what_is_wrong_and_where),
		cmocka_unit_test(refuses_nesting_without_end),
		cmocka_unit_test(stops_at_the_outputs_maximum),
		cmocka_unit_test(large_values_cost_in_proportion),
		cmocka_unit_test(a_smaller_bound_of_work_is_obeyed_before_the_work),
		cmocka_unit_test(starts_from_variables_when_given),
		cmocka_unit_test(answers_nothing_from_an_empty_source),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}

// Pods made at random: a whole one or a bare one with a few fields changed to values that checks tell apart, in every list
// of containers, in a Pod or in what makes pods.

package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"sort"
)

type object = map[string]any

// values are JSON texts to pick from.
func values(texts ...string) []string { return texts }

var profiles = values(`null`, `{}`, `{"type":""}`, `{"type":"RuntimeDefault"}`, `{"type":"Unconfined"}`,
	`{"type":"Localhost","localhostProfile":"a.json"}`, `{"type":"runtime/default"}`, `{"localhostProfile":"a.json"}`)

var se = values(`null`, `{}`, `{"type":""}`, `{"type":"container_t"}`, `{"type":"container_init_t"}`,
	`{"type":"container_kvm_t"}`, `{"type":"container_engine_t"}`, `{"type":"spc_t"}`, `{"user":""}`, `{"user":"u"}`,
	`{"role":""}`, `{"role":"r"}`, `{"level":"s0"}`, `{"type":"Container_t","user":"u","role":"r"}`, `{"user":null,"role":"r"}`)

// both are the fields that security contexts of pods and of containers have.
var both = map[string][]string{
	"runAsNonRoot":    values(`null`, `true`, `false`),
	"runAsUser":       values(`null`, `0`, `1`, `1000`),
	"seccompProfile":  profiles,
	"appArmorProfile": profiles,
	"seLinuxOptions":  se,
	"windowsOptions": values(`null`, `{}`, `{"hostProcess":true}`, `{"hostProcess":false}`, `{"hostProcess":null}`,
		`{"runAsUserName":"ContainerUser"}`),
}

var ofContainers = map[string][]string{
	"allowPrivilegeEscalation": values(`null`, `true`, `false`),
	"privileged":               values(`null`, `true`, `false`),
	"procMount":                values(`null`, `""`, `"Default"`, `"Unmasked"`, `"default"`),
	"capabilities": values(`null`, `{}`, `{"drop":null}`, `{"drop":[]}`, `{"drop":["ALL"]}`, `{"drop":["all"]}`,
		`{"drop":["NET_RAW","ALL"]}`, `{"drop":["NET_RAW"]}`, `{"drop":["CAP_ALL"]}`, `{"drop":["ALL"],"add":[]}`,
		`{"drop":["ALL"],"add":["NET_BIND_SERVICE"]}`, `{"drop":["ALL"],"add":["CHOWN"]}`, `{"add":["CHOWN","KILL"]}`,
		`{"add":["NET_RAW"]}`, `{"drop":["ALL"],"add":["SYS_ADMIN","NET_BIND_SERVICE","BPF"]}`, `{"add":["ALL"]}`,
		`{"add":["CAP_CHOWN"]}`, `{"add":["net_bind_service"]}`, `{"add":[""]}`, `{"add":["MKNOD","SYS_CHROOT","SETFCAP"]}`,
		`{"add":["AUDIT_WRITE","DAC_OVERRIDE","FOWNER","FSETID","SETGID","SETPCAP","SETUID"]}`),
}

var probes = values(`null`, `{}`, `{"httpGet":{"port":80}}`, `{"httpGet":{"port":80,"host":""}}`, `{"httpGet":null}`,
	`{"httpGet":{"port":80,"host":"a.example"}}`, `{"httpGet":{"port":80,"host":"127.0.0.1"}}`, `{"tcpSocket":{"port":80}}`,
	`{"tcpSocket":{"port":"http","host":"::1"}}`, `{"tcpSocket":{"port":80,"host":null}}`, `{"exec":{"command":["true"]}}`,
	`{"httpGet":{"port":80,"host":"b.example"},"tcpSocket":{"port":80,"host":"c.example"}}`)

var plain = map[string][]string{
	"ports": values(`null`, `[]`, `[{"containerPort":80}]`, `[{"containerPort":80,"hostPort":0}]`,
		`[{"containerPort":80,"hostPort":null}]`, `[{"containerPort":80,"hostPort":80}]`,
		`[{"containerPort":80},{"containerPort":81,"hostPort":8081},{"containerPort":82,"hostPort":8082}]`),
	"livenessProbe":  probes,
	"readinessProbe": probes,
	"startupProbe":   probes,
}

var handlers = values(`null`, `{}`, `{"exec":{"command":["true"]}}`, `{"httpGet":{"port":80,"host":"a.example"}}`,
	`{"httpGet":{"port":80}}`, `{"tcpSocket":{"port":80,"host":"d.example"}}`, `{"sleep":{"seconds":1}}`)

var volumes = values(`{}`, `{"emptyDir":null}`, `{"emptyDir":{}}`, `{"configMap":{"name":"a"}}`, `{"secret":{"secretName":"a"}}`,
	`{"persistentVolumeClaim":{"claimName":"a"}}`, `{"downwardAPI":{}}`, `{"projected":{"sources":null}}`, `{"csi":{"driver":"d"}}`,
	`{"ephemeral":{}}`, `{"image":{"reference":"a:1"}}`, `{"hostPath":{"path":"/"}}`, `{"hostPath":null}`,
	`{"hostPath":{"path":"/"},"emptyDir":{}}`, `{"gcePersistentDisk":{"pdName":"a"}}`, `{"awsElasticBlockStore":{"volumeID":"a"}}`,
	`{"gitRepo":{"repository":"a"}}`, `{"nfs":{"server":"a","path":"/"}}`, `{"iscsi":{"targetPortal":"a","iqn":"b","lun":0}}`,
	`{"glusterfs":{"endpoints":"a","path":"/"}}`, `{"rbd":{"monitors":["a"],"image":"b"}}`, `{"flexVolume":{"driver":"a"}}`,
	`{"cinder":{"volumeID":"a"}}`, `{"cephfs":{"monitors":["a"]}}`, `{"flocker":{}}`, `{"fc":{}}`,
	`{"azureFile":{"secretName":"a","shareName":"b"}}`, `{"azureDisk":{"diskName":"a","diskURI":"b"}}`,
	`{"vsphereVolume":{"volumePath":"a"}}`, `{"quobyte":{"registry":"a","volume":"b"}}`,
	`{"photonPersistentDisk":{"pdID":"a"}}`, `{"portworxVolume":{"volumeID":"a"}}`,
	`{"scaleIO":{"gateway":"a","system":"b","secretRef":null}}`, `{"storageos":{}}`)

var sysctls = values(`null`, `[]`, `[{"name":"kernel.shm_rmid_forced","value":"1"}]`,
	`[{"name":"net.ipv4.ip_local_port_range","value":"1"},{"name":"net.ipv4.tcp_syncookies","value":"1"}]`,
	`[{"name":"net.ipv4.ping_group_range","value":"1"},{"name":"net.ipv4.ip_unprivileged_port_start","value":"1"}]`,
	`[{"name":"net.ipv4.ip_local_reserved_ports","value":"1"}]`, `[{"name":"net.ipv4.tcp_keepalive_time","value":"1"}]`,
	`[{"name":"net.ipv4.tcp_fin_timeout","value":"1"}]`, `[{"name":"net.ipv4.tcp_keepalive_intvl","value":"1"}]`,
	`[{"name":"net.ipv4.tcp_keepalive_probes","value":"1"}]`, `[{"name":"net.ipv4.tcp_rmem","value":"1"}]`,
	`[{"name":"net.ipv4.tcp_wmem","value":"1"}]`, `[{"name":"kernel.msgmax","value":"1"}]`,
	`[{"name":"net/ipv4/tcp_syncookies","value":"1"},{"name":"net.core.somaxconn","value":"1"}]`)

var ofPods = map[string][]string{
	"hostNetwork":     values(`null`, `true`, `false`),
	"hostPID":         values(`null`, `true`, `false`),
	"hostIPC":         values(`null`, `true`, `false`),
	"hostUsers":       values(`null`, `true`, `false`, `false`),
	"os":              values(`null`, `{"name":"linux"}`, `{"name":"windows"}`, `{"name":"windows"}`, `{"name":"Windows"}`),
	"securityContext": values(`null`, `{}`),
}

var annotationValues = values(`null`, `""`, `"runtime/default"`, `"docker/default"`, `"localhost/a"`, `"localhost"`, `"unconfined"`,
	`"Unconfined"`, `"a \"quoted\" one"`)

func pick(random *rand.Rand, texts []string) any {
	var value any
	check(json.Unmarshal([]byte(texts[random.Intn(len(texts))]), &value))
	return value
}

// set changes one of the fields.
func set(random *rand.Rand, into object, fields map[string][]string) {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	// Maps have no order, and the same seed is to make the same pods.
	name := sorted(names)[random.Intn(len(names))]
	into[name] = pick(random, fields[name])
}

// below is the map in a field, made if there is none.
func below(into object, name string) object {
	if inner, is := into[name].(object); is {
		return inner
	}
	inner := object{}
	into[name] = inner
	return inner
}

func container(name string, whole bool) object {
	c := object{"name": name, "image": "registry.example/a:1"}
	if whole {
		c["securityContext"] = object{"allowPrivilegeEscalation": false, "capabilities": object{"drop": []any{"ALL"}}}
	}
	return c
}

func pod(random *rand.Rand, whole bool) object {
	spec := object{}
	for at, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		count := random.Intn(3)
		if at == 0 {
			count = 1 + random.Intn(2)
		}
		if at == 2 {
			count = random.Intn(4) / 3
		}
		var all []any
		for i := 0; i < count; i++ {
			all = append(all, container(fmt.Sprintf("%s%d", []string{"app", "init", "debug"}[at], i), whole))
		}
		if count > 0 {
			spec[list] = all
		}
	}
	if whole {
		spec["securityContext"] = object{"runAsNonRoot": true, "seccompProfile": object{"type": "RuntimeDefault"}}
	}
	return object{"metadata": object{}, "spec": spec}
}

func mutate(random *rand.Rand, pod object) {
	spec := pod["spec"].(object)
	var containers []object
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		all, _ := spec[list].([]any)
		for _, one := range all {
			containers = append(containers, one.(object))
		}
	}
	one := containers[random.Intn(len(containers))]
	switch random.Intn(14) {
	case 0, 1, 2:
		set(random, below(one, "securityContext"), both)
	case 3, 4, 5:
		set(random, below(one, "securityContext"), ofContainers)
	case 6:
		set(random, one, plain)
	case 7:
		below(one, "lifecycle")[[]string{"postStart", "preStop"}[random.Intn(2)]] = pick(random, handlers)
	case 8:
		if random.Intn(2) == 0 {
			one["securityContext"] = pick(random, values(`null`, `{}`))
		} else if inits, _ := spec["initContainers"].([]any); len(inits) > 0 {
			inits[0].(object)["restartPolicy"] = "Always"
		}
	case 9, 10:
		set(random, below(spec, "securityContext"), both)
	case 11:
		set(random, spec, ofPods)
	case 12:
		if random.Intn(3) == 0 {
			below(spec, "securityContext")["sysctls"] = pick(random, sysctls)
			return
		}
		all, _ := spec["volumes"].([]any)
		volume := pick(random, volumes).(object)
		volume["name"] = fmt.Sprintf("volume%d", len(all))
		spec["volumes"] = append(all, volume)
	case 13:
		keys := []string{
			"seccomp.security.alpha.kubernetes.io/pod", "container.seccomp.security.alpha.kubernetes.io/other",
			"container.seccomp.security.alpha.kubernetes.io/" + one["name"].(string),
			"container.apparmor.security.beta.kubernetes.io/" + one["name"].(string),
			"container.apparmor.security.beta.kubernetes.io/other",
		}
		annotations := below(pod["metadata"].(object), "annotations")
		annotations[keys[random.Intn(len(keys))]] = pick(random, annotationValues)
	}
}

// within puts the pod where pods come from.
func within(random *rand.Rand, pod object) object {
	selector := object{"matchLabels": object{"app": "a"}}
	made := func(version, kind string, spec object) object {
		return object{"apiVersion": version, "kind": kind, "metadata": object{}, "spec": spec}
	}
	if random.Intn(10) < 6 {
		pod["apiVersion"], pod["kind"] = "v1", "Pod"
		return pod
	}
	switch random.Intn(8) {
	case 0:
		return made("apps/v1", "Deployment", object{"selector": selector, "template": pod})
	case 1:
		return made("apps/v1", "StatefulSet", object{"selector": selector, "serviceName": "a", "template": pod})
	case 2:
		return made("apps/v1", "DaemonSet", object{"selector": selector, "template": pod})
	case 3:
		return made("apps/v1", "ReplicaSet", object{"selector": selector, "template": pod})
	case 4:
		return made("v1", "ReplicationController", object{"template": pod})
	case 5:
		return made("batch/v1", "Job", object{"template": pod})
	case 6:
		return object{"apiVersion": "v1", "kind": "PodTemplate", "metadata": object{}, "template": pod}
	}
	return made("batch/v1", "CronJob", object{"schedule": "@daily", "jobTemplate": object{"spec": object{"template": pod}}})
}

func mutation(random *rand.Rand) object {
	pod := pod(random, random.Intn(4) > 0)
	for count := 1 + random.Intn(4); count > 0; count-- {
		mutate(random, pod)
	}
	return within(random, pod)
}

func sorted(names []string) []string {
	sort.Strings(names)
	return names
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "known.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

/* What systemd 252 reads in [Service], sorted; as of systemd --dump-configuration-items.
 */
/* clang-format off */
static const char *const service_options[] = {
	"AllowedCPUs", "AllowedMemoryNodes", "AmbientCapabilities", "AppArmorProfile",
	"BPFProgram", "BindPaths", "BindReadOnlyPaths", "BlockIOAccounting",
	"BlockIODeviceWeight", "BlockIOReadBandwidth", "BlockIOWeight",
	"BlockIOWriteBandwidth", "BusName", "CPUAccounting", "CPUAffinity", "CPUQuota",
	"CPUQuotaPeriodSec", "CPUSchedulingPolicy", "CPUSchedulingPriority",
	"CPUSchedulingResetOnFork", "CPUShares", "CPUWeight", "CacheDirectory",
	"CacheDirectoryMode", "CapabilityBoundingSet", "ConfigurationDirectory",
	"ConfigurationDirectoryMode", "CoredumpFilter", "DefaultMemoryLow",
	"DefaultMemoryMin", "Delegate", "DeviceAllow", "DevicePolicy",
	"DisableControllers", "DynamicUser", "Environment", "EnvironmentFile",
	"ExecCondition", "ExecPaths", "ExecReload", "ExecSearchPath", "ExecStart",
	"ExecStartPost", "ExecStartPre", "ExecStop", "ExecStopPost", "ExitType",
	"ExtensionDirectories", "ExtensionImages", "FailureAction",
	"FileDescriptorStoreMax", "FinalKillSignal", "Group", "GuessMainPID",
	"IOAccounting", "IODeviceLatencyTargetSec", "IODeviceWeight",
	"IOReadBandwidthMax", "IOReadIOPSMax", "IOSchedulingClass",
	"IOSchedulingPriority", "IOWeight", "IOWriteBandwidthMax", "IOWriteIOPSMax",
	"IPAccounting", "IPAddressAllow", "IPAddressDeny", "IPCNamespacePath",
	"IPEgressFilterPath", "IPIngressFilterPath", "IgnoreSIGPIPE",
	"InaccessibleDirectories", "InaccessiblePaths", "KeyringMode", "KillMode",
	"KillSignal", "LimitAS", "LimitCORE", "LimitCPU", "LimitDATA", "LimitFSIZE",
	"LimitLOCKS", "LimitMEMLOCK", "LimitMSGQUEUE", "LimitNICE", "LimitNOFILE",
	"LimitNPROC", "LimitRSS", "LimitRTPRIO", "LimitRTTIME", "LimitSIGPENDING",
	"LimitSTACK", "LoadCredential", "LoadCredentialEncrypted", "LockPersonality",
	"LogExtraFields", "LogLevelMax", "LogNamespace", "LogRateLimitBurst",
	"LogRateLimitIntervalSec", "LogsDirectory", "LogsDirectoryMode",
	"ManagedOOMMemoryPressure", "ManagedOOMMemoryPressureLimit",
	"ManagedOOMPreference", "ManagedOOMSwap", "MemoryAccounting",
	"MemoryDenyWriteExecute", "MemoryHigh", "MemoryLimit", "MemoryLow",
	"MemoryMax", "MemoryMin", "MemorySwapMax", "MountAPIVFS", "MountFlags",
	"MountImages", "NUMAMask", "NUMAPolicy", "NetworkNamespacePath", "Nice",
	"NoExecPaths", "NoNewPrivileges", "NonBlocking", "NotifyAccess", "OOMPolicy",
	"OOMScoreAdjust", "PAMName", "PIDFile", "PassEnvironment",
	"PermissionsStartOnly", "Personality", "PrivateDevices", "PrivateIPC",
	"PrivateMounts", "PrivateNetwork", "PrivateTmp", "PrivateUsers", "ProcSubset",
	"ProtectClock", "ProtectControlGroups", "ProtectHome", "ProtectHostname",
	"ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables",
	"ProtectProc", "ProtectSystem", "ReadOnlyDirectories", "ReadOnlyPaths",
	"ReadWriteDirectories", "ReadWritePaths", "RebootArgument", "RemainAfterExit",
	"RemoveIPC", "Restart", "RestartForceExitStatus", "RestartKillSignal",
	"RestartPreventExitStatus", "RestartSec", "RestrictAddressFamilies",
	"RestrictFileSystems", "RestrictNamespaces", "RestrictNetworkInterfaces",
	"RestrictRealtime", "RestrictSUIDSGID", "RootDirectory",
	"RootDirectoryStartOnly", "RootHash", "RootHashSignature", "RootImage",
	"RootImageOptions", "RootVerity", "RuntimeDirectory", "RuntimeDirectoryMode",
	"RuntimeDirectoryPreserve", "RuntimeMaxSec", "RuntimeRandomizedExtraSec",
	"SELinuxContext", "SecureBits", "SendSIGHUP", "SendSIGKILL", "SetCredential",
	"SetCredentialEncrypted", "Slice", "SmackProcessLabel", "SocketBindAllow",
	"SocketBindDeny", "Sockets", "StandardError", "StandardInput",
	"StandardInputData", "StandardInputText", "StandardOutput", "StartLimitAction",
	"StartLimitBurst", "StartLimitInterval", "StartupAllowedCPUs",
	"StartupAllowedMemoryNodes", "StartupBlockIOWeight", "StartupCPUShares",
	"StartupCPUWeight", "StartupIOWeight", "StateDirectory", "StateDirectoryMode",
	"SuccessExitStatus", "SupplementaryGroups", "SyslogFacility",
	"SyslogIdentifier", "SyslogLevel", "SyslogLevelPrefix",
	"SystemCallArchitectures", "SystemCallErrorNumber", "SystemCallFilter",
	"SystemCallLog", "TTYColumns", "TTYPath", "TTYReset", "TTYRows", "TTYVHangup",
	"TTYVTDisallocate", "TasksAccounting", "TasksMax", "TemporaryFileSystem",
	"TimeoutAbortSec", "TimeoutCleanSec", "TimeoutSec", "TimeoutStartFailureMode",
	"TimeoutStartSec", "TimeoutStopFailureMode", "TimeoutStopSec",
	"TimerSlackNSec", "Type", "UMask", "USBFunctionDescriptors",
	"USBFunctionStrings", "UnsetEnvironment", "User", "UtmpIdentifier", "UtmpMode",
	"WatchdogSec", "WatchdogSignal", "WorkingDirectory",
};
/* clang-format on */

static int by_text(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

static bool is_service_option(const char *name)
{
	return bsearch(name, service_options, ARRAY_SIZE(service_options),
		       sizeof(*service_options), by_text) != NULL;
}

static bool is_section(const char *name)
{
	static const char *const names[] = { "Unit",       "Service",   "Install",
					     "X-Fleet",    "X-Service", "X-Metrics",
					     "X-Resources" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

void unit_file_warn(const struct unit_file *u, struct words *warnings)
{
	const char *section = "";

	for (size_t i = 0; i < u->n; i++) {
		const struct unit_option *o = &u->options[i];

		if (!is_section(o->section)) {
			if (strcmp(section, o->section) != 0)
				words_addf(warnings,
					   "%s:%d: there is no section [%.60s]: it is "
					   "ignored",
					   u->what, o->line, o->section);
		} else if (strcmp(o->section, "Service") == 0 &&
			   !is_service_option(o->name) &&
			   strncmp(o->name, "X-", 2) != 0) {
			words_addf(warnings,
				   "%s:%d: [Service] has no option %.60s: it is ignored",
				   u->what, o->line, o->name);
		}
		section = o->section;
	}
}

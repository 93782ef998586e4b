//! Validation of probes and of what runs at a container's start and end.

use k8s_openapi::api::core::v1::{
    Container, ExecAction, GRPCAction, HTTPGetAction, LifecycleHandler, Probe, SleepAction, TCPSocketAction,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::containers::Context;
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::rules::absent::{items, number, text};
use crate::rules::checks;

/// Checks a container's lifecycle and probes.
pub(super) fn validate(
    container: &Container,
    context: &Context<'_>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let grace_seconds = context.spec.termination_grace_period_seconds;
    if let Some(lifecycle) = &container.lifecycle {
        let path = path.child("lifecycle");
        for (field, handler) in [("postStart", &lifecycle.post_start), ("preStop", &lifecycle.pre_stop)] {
            if let Some(handler) = handler {
                Actions::of_lifecycle(handler).validate(grace_seconds, &path.child(field), errors);
            }
        }
    }
    if let Some(probe) = &container.liveness_probe {
        validate_single_success(probe, &path.child("livenessProbe"), errors);
    }
    if let Some(probe) = &container.readiness_probe {
        let path = path.child("readinessProbe");
        validate_probe(probe, &path, errors);
        if let Some(seconds) = probe.termination_grace_period_seconds {
            let path = path.child("terminationGracePeriodSeconds");
            errors.push(FieldError::invalid(&path, &seconds, "must not be set for readinessProbes"));
        }
    }
    if let Some(probe) = &container.startup_probe {
        validate_single_success(probe, &path.child("startupProbe"), errors);
    }
}

/// A probe whose first success decides.
fn validate_single_success(probe: &Probe, path: &Path<'_>, errors: &mut FieldErrors) {
    validate_probe(probe, path, errors);
    let successes = number(probe.success_threshold);
    if successes != 1 {
        errors.push(FieldError::invalid(&path.child("successThreshold"), &successes, "must be 1"));
    }
}

fn validate_probe(probe: &Probe, path: &Path<'_>, errors: &mut FieldErrors) {
    Actions::of_probe(probe).validate(None, path, errors);
    let numbers = [
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("periodSeconds", probe.period_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ];
    for (field, value) in numbers {
        checks::non_negative(number(value), &path.child(field), errors);
    }
    if let Some(seconds) = probe.termination_grace_period_seconds.filter(|seconds| *seconds <= 0) {
        let path = path.child("terminationGracePeriodSeconds");
        errors.push(FieldError::invalid(&path, &seconds, "must be greater than 0"));
    }
}

/// The ways to act on a container, exactly one of which must be given.
#[derive(Debug, Default)]
struct Actions<'a> {
    exec: Option<&'a ExecAction>,
    http_get: Option<&'a HTTPGetAction>,
    tcp_socket: Option<&'a TCPSocketAction>,
    grpc: Option<&'a GRPCAction>,
    sleep: Option<&'a SleepAction>,
}

impl<'a> Actions<'a> {
    fn of_probe(probe: &'a Probe) -> Self {
        Self {
            exec: probe.exec.as_ref(),
            http_get: probe.http_get.as_ref(),
            tcp_socket: probe.tcp_socket.as_ref(),
            grpc: probe.grpc.as_ref(),
            sleep: None,
        }
    }

    fn of_lifecycle(handler: &'a LifecycleHandler) -> Self {
        Self {
            exec: handler.exec.as_ref(),
            http_get: handler.http_get.as_ref(),
            tcp_socket: handler.tcp_socket.as_ref(),
            grpc: None,
            sleep: handler.sleep.as_ref(),
        }
    }

    fn validate(&self, grace_seconds: Option<i64>, path: &Path<'_>, errors: &mut FieldErrors) {
        let given = [
            ("exec", self.exec.is_some()),
            ("httpGet", self.http_get.is_some()),
            ("tcpSocket", self.tcp_socket.is_some()),
            ("grpc", self.grpc.is_some()),
            ("sleep", self.sleep.is_some()),
        ];
        let mut given = given.into_iter().filter(|(_, is_given)| *is_given).map(|(field, _)| field);
        let Some(first) = given.next() else {
            return errors.push(FieldError::required(path, "must specify a handler type"));
        };
        self.validate_action(first, grace_seconds, &path.child(first), errors);
        for field in given {
            let why = "may not specify more than 1 handler type";
            errors.push(FieldError::forbidden(&path.child(field), why));
        }
    }

    fn validate_action(
        &self,
        field: &str,
        grace_seconds: Option<i64>,
        path: &Path<'_>,
        errors: &mut FieldErrors,
    ) {
        match (field, self) {
            ("exec", Self { exec: Some(exec), .. }) if items(&exec.command).is_empty() => {
                errors.push(FieldError::required(&path.child("command"), ""));
            }
            ("httpGet", Self { http_get: Some(action), .. }) => validate_http_get(action, path, errors),
            ("tcpSocket", Self { tcp_socket: Some(action), .. }) => {
                validate_port(&action.port, &path.child("port"), errors);
            }
            ("grpc", Self { grpc: Some(action), .. }) => {
                checks::port_number(action.port, &path.child("port"), errors);
            }
            ("sleep", Self { sleep: Some(action), .. }) => {
                validate_sleep(action, grace_seconds, path, errors);
            }
            _ => {}
        }
    }
}

fn validate_http_get(action: &HTTPGetAction, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::required(text(&action.path), &path.child("path"), errors);
    validate_port(&action.port, &path.child("port"), errors);
    checks::one_of(text(&action.scheme), &["HTTP", "HTTPS"], &path.child("scheme"), errors);
    let path = path.child("httpHeaders");
    for header in items(&action.http_headers) {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if header.name.is_empty() || !header.name.bytes().all(is_name) {
            let why = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. \
                       'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";
            errors.push(FieldError::invalid(&path, &header.name, why));
        }
    }
}

/// A port by number or name.
pub(crate) fn validate_port(port: &IntOrString, path: &Path<'_>, errors: &mut FieldErrors) {
    match port {
        IntOrString::Int(number) => checks::port_number(*number, path, errors),
        IntOrString::String(name) => checks::faults(name, names::port_name(name), path, errors),
    }
}

fn validate_sleep(action: &SleepAction, grace: Option<i64>, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(grace) = grace
        && !(0..=grace).contains(&action.seconds)
    {
        let why = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
        errors.push(FieldError::invalid(path, &action.seconds, why));
    }
}
